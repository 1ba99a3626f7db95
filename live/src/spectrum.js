// The forward feature map of a sample, as in dlgn_lib.features: eigenvalues and eigenfunctions of a hidden layer.

const RANK = 1e-14; // eigenvalues below this share of the largest count as zero: rounding leaves that much of the product

/** Eigenvalues (falling) and eigenvectors (columns) of a symmetric matrix (n·n, flat), by Jacobi's rotations. */
export function symmetricEigen(matrix, n) {
  const A = Float64Array.from(matrix), V = new Float64Array(n * n);
  for (let i = 0; i < n; i++) V[i * n + i] = 1;
  for (let sweep = 0; sweep < 50; sweep++) {
    let off = 0, all = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) { const a = A[i * n + j] ** 2; all += a; if (i !== j) off += a; }
    if (off <= 1e-30 * all) break;
    for (let p = 0; p < n - 1; p++)
      for (let q = p + 1; q < n; q++) {
        const apq = A[p * n + q];
        if (apq === 0) continue;
        const theta = (A[q * n + q] - A[p * n + p]) / (2 * apq);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1)), c = 1 / Math.hypot(t, 1), s = t * c;
        for (let i = 0; i < n; i++) {
          const x = A[i * n + p], y = A[i * n + q];
          A[i * n + p] = c * x - s * y; A[i * n + q] = s * x + c * y;
        }
        for (let i = 0; i < n; i++) {
          const x = A[p * n + i], y = A[q * n + i];
          A[p * n + i] = c * x - s * y; A[q * n + i] = s * x + c * y;
          const v = V[i * n + p], w = V[i * n + q];
          V[i * n + p] = c * v - s * w; V[i * n + q] = s * v + c * w;
        }
      }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => A[j * n + j] - A[i * n + i]);
  return { values: order.map(i => A[i * n + i]), vectors: order.map(i => Float64Array.from({ length: n }, (_, r) => V[r * n + i])) };
}

/**
 * {eigenvalues, eigenfunctions (one array of N a piece, of mean square 1), effectiveDimension, quality} of features
 * (N·P). `target` (N): the share of it in each eigenfunction; no quality without it.
 */
export function featureSpectrum(features, n, target = null) {
  const P = features.length / n, gram = new Float64Array(P * P);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < P; p++) {
      const a = features[i * P + p] / n;
      if (a) for (let q = p; q < P; q++) gram[p * P + q] += a * features[i * P + q];
    }
  for (let p = 0; p < P; p++) for (let q = 0; q < p; q++) gram[p * P + q] = gram[q * P + p];
  const { values, vectors } = symmetricEigen(gram, P), rank = values.filter(v => v > RANK * values[0]).length;
  const eigenvalues = values.slice(0, rank), total = eigenvalues.reduce((sum, v) => sum + v, 0);
  const eigenfunctions = eigenvalues.map((rho, k) => {
    const e = new Float64Array(n);
    for (let i = 0; i < n; i++) for (let p = 0; p < P; p++) e[i] += features[i * P + p] * vectors[k][p] / Math.sqrt(rho);
    return e;
  });
  const entropy = -eigenvalues.reduce((sum, v) => sum + v / total * Math.log(v / total), 0);
  let quality = null;
  if (target) {
    const square = target.reduce((sum, y) => sum + y * y, 0);
    quality = eigenfunctions.map(e => e.reduce((sum, v, i) => sum + v * target[i], 0) ** 2 / (n * square));
  }
  return { eigenvalues, eigenfunctions, effectiveDimension: Math.exp(entropy), quality };
}
