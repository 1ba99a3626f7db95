// The kernels of the engine, twice: compiled from kernels.c (WebAssembly with SIMD), and in plain JavaScript for a reader
// whose browser or policy has no WebAssembly. Pointers are byte addresses in one memory; both kinds have the same interface.
import { WASM } from "./kernels.wasm.js"; // base64, so that nothing is fetched

let compiled; // promise of the WebAssembly module, shared by all nets; of null where there is no WebAssembly SIMD
const compile = async () => WebAssembly.compile(Uint8Array.from(atob(WASM), c => c.charCodeAt(0)));

/**
 * Promise of {name, buffer, base, gemm, transpose, …}: kernels on a memory of their own, with `bytes` of room from address
 * `base` on. `kind` is "auto" (WebAssembly, or JavaScript where a browser or a policy has none), "wasm" or "js".
 */
export async function makeKernels(bytes, kind = "auto") {
  const module = kind === "js" ? null : await (compiled ??= compile().catch(() => null));
  if (!module) {
    if (kind === "wasm") throw new Error("this browser, or the page's content security policy, has no WebAssembly SIMD");
    return jsKernels(bytes);
  }
  const { exports } = await WebAssembly.instantiate(module), { memory } = exports;
  const base = exports.__heap_base.value + 15 & ~15;
  memory.grow(Math.max(0, Math.ceil((base + bytes - memory.buffer.byteLength) / 65536)));
  return { ...exports, name: "wasm", base, buffer: memory.buffer };
}

/** The same kernels in plain JavaScript, on a memory of `bytes`. */
export function jsKernels(bytes) {
  const buffer = new ArrayBuffer(bytes + 15 & ~15), F = new Float32Array(buffer);

  function gemm(C, A, B, m, n, k, ar, ac) {
    C >>= 2; A >>= 2; B >>= 2;
    const m4 = m & ~3, n2 = n & ~1;
    for (let i = 0; i < m4; i += 4)
      for (let j = 0; j < n2; j += 2) {
        let s00 = 0, s01 = 0, s10 = 0, s11 = 0, s20 = 0, s21 = 0, s30 = 0, s31 = 0;
        let a0 = A + i * ar, a1 = a0 + ar, a2 = a1 + ar, a3 = a2 + ar, b = B + j;
        for (let p = 0; p < k; p++) {
          const b0 = F[b], b1 = F[b + 1];
          let a = F[a0]; s00 += a * b0; s01 += a * b1;
          a = F[a1]; s10 += a * b0; s11 += a * b1;
          a = F[a2]; s20 += a * b0; s21 += a * b1;
          a = F[a3]; s30 += a * b0; s31 += a * b1;
          a0 += ac; a1 += ac; a2 += ac; a3 += ac; b += n;
        }
        let c = C + i * n + j;
        F[c] = s00; F[c + 1] = s01; c += n;
        F[c] = s10; F[c + 1] = s11; c += n;
        F[c] = s20; F[c + 1] = s21; c += n;
        F[c] = s30; F[c + 1] = s31;
      }
    for (let i = 0; i < m; i++)
      for (let j = i < m4 ? n2 : 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) sum += F[A + i * ar + p * ac] * F[B + p * n + j];
        F[C + i * n + j] = sum;
      }
  }
  function transpose(T, A, rows, cols) {
    T >>= 2; A >>= 2;
    for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) F[T + j * rows + i] = F[A + i * cols + j];
  }
  function gate(G, Z, n, beta) {
    G >>= 2; Z >>= 2;
    for (let i = 0; i < n; i++) {
      const x = beta * F[Z + i];
      F[G + i] = beta > 1e30 ? +(F[Z + i] >= 0) : x > -25 ? 1 / (1 + Math.exp(-x)) : 0;
    }
  }
  function mul(C, A, B, n) {
    C >>= 2; A >>= 2; B >>= 2;
    for (let i = 0; i < n; i++) F[C + i] = F[A + i] * F[B + i];
  }
  function add(C, A, B, n) {
    C >>= 2; A >>= 2; B >>= 2;
    for (let i = 0; i < n; i++) F[C + i] = F[A + i] + F[B + i];
  }
  function add_row(C, R, m, n) {
    C >>= 2; R >>= 2;
    for (let i = 0; i < m; i++, C += n) for (let j = 0; j < n; j++) F[C + j] += F[R + j];
  }
  function sum_rows(R, C, m, n) {
    R >>= 2; C >>= 2;
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let i = 0; i < m; i++) sum += F[C + i * n + j];
      F[R + j] = sum;
    }
  }
  function gate_back(DZ, DH, U, G, n, beta) {
    DZ >>= 2; DH >>= 2; U >>= 2; G >>= 2;
    for (let i = 0; i < n; i++) {
      const g = F[G + i], d = F[DH + i] * g;
      F[DZ + i] = d * F[U + i] * beta * (1 - g);
      F[DH + i] = d;
    }
  }
  function sgd(W, D, M, n, rate, momentum) {
    W >>= 2; D >>= 2; M >>= 2;
    for (let i = 0; i < n; i++) {
      F[M + i] = momentum * F[M + i] + F[D + i];
      F[W + i] -= rate * F[M + i];
    }
  }
  function adam(W, D, M, V, n, rate, scale, eps) {
    W >>= 2; D >>= 2; M >>= 2; V >>= 2;
    for (let i = 0; i < n; i++) {
      const d = F[D + i];
      let m = 0.9 * F[M + i] + 0.1 * d, v = 0.999 * F[V + i] + 0.001 * d * d;
      if (!(Math.abs(m) > 1e-30)) m = 0;
      if (!(v > 1e-30)) v = 0;
      F[M + i] = m; F[V + i] = v;
      F[W + i] -= rate * m / (scale * Math.sqrt(v) + eps);
    }
  }
  return { name: "js", base: 0, buffer, gemm, transpose, gate, mul, add, add_row, sum_rows, gate_back, sgd, adam };
}
