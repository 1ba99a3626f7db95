// Float32 kernels of the engine for WebAssembly with 128-bit SIMD (4 lanes). No libc, no allocation: the caller owns the
// memory. Matrices are row-major. kernels.js holds a twin of every kernel in plain JavaScript, with the same arguments.
#include <wasm_simd128.h>

#define KERNEL(name) __attribute__((export_name(#name))) void name
#define INLINE static inline __attribute__((always_inline))
#define F4(x) wasm_f32x4_splat(x)
#define LOAD wasm_v128_load
#define STORE wasm_v128_store
#define ADD wasm_f32x4_add
#define SUB wasm_f32x4_sub
#define MUL wasm_f32x4_mul
#define DIV wasm_f32x4_div

// exp(x) for |x| <= 87, relative error 1e-7: 2^n times the polynomial of Cephes. Adding 1.5 * 2^23 rounds to a whole number
// and leaves it in the low bits, from where a shift takes it to the exponent.
INLINE v128_t exp4(v128_t x) {
  v128_t shifted = ADD(MUL(x, F4(1.44269504f)), F4(12582912));
  v128_t power = wasm_i32x4_add(wasm_i32x4_shl(shifted, 23), wasm_i32x4_splat(0x3f800000));
  v128_t n = SUB(shifted, F4(12582912));
  x = SUB(SUB(x, MUL(n, F4(0.693359375f))), MUL(n, F4(-2.12194440e-4f)));
  v128_t p = F4(1.9875691500e-4f);
  p = ADD(MUL(p, x), F4(1.3981999507e-3f));
  p = ADD(MUL(p, x), F4(8.3334519073e-3f));
  p = ADD(MUL(p, x), F4(4.1665795894e-2f));
  p = ADD(MUL(p, x), F4(1.6666665459e-1f));
  p = ADD(MUL(p, x), F4(5.0000001201e-1f));
  return MUL(ADD(ADD(MUL(MUL(p, x), x), x), F4(1)), power);
}

// sigma(x); 0 below -25 (where it is 1e-11), so that products of closed gates are 0 and not denormal, which is slow.
INLINE v128_t sigmoid4(v128_t x) {
  v128_t e = exp4(wasm_f32x4_neg(wasm_f32x4_pmax(F4(-25), wasm_f32x4_pmin(F4(25), x))));
  return wasm_v128_and(DIV(F4(1), ADD(F4(1), e)), wasm_f32x4_gt(x, F4(-25)));
}

// One tile, `rows` x 4*`quads` entries of C, which stays in registers on the walk along k.
INLINE void tile(const int rows, const int quads, float *C, const float *A, const float *B, int n, int k, int ar, int ac) {
  v128_t c[4][2], b[2];
  for (int r = 0; r < rows; r++)
    for (int q = 0; q < quads; q++) c[r][q] = F4(0);
  for (int p = 0; p < k; p++, A += ac, B += n) {
    for (int q = 0; q < quads; q++) b[q] = LOAD(B + 4 * q);
    for (int r = 0; r < rows; r++) {
      v128_t a = wasm_v128_load32_splat(A + r * ar);
      for (int q = 0; q < quads; q++) c[r][q] = ADD(c[r][q], MUL(a, b[q]));
    }
  }
  for (int r = 0; r < rows; r++)
    for (int q = 0; q < quads; q++) STORE(C + r * n + 4 * q, c[r][q]);
}

INLINE void band(const int rows, float *C, const float *A, const float *B, int n, int k, int ar, int ac) {
  int j = 0;
  for (; j + 8 <= n; j += 8) tile(rows, 2, C + j, A, B + j, n, k, ar, ac);
  for (; j + 4 <= n; j += 4) tile(rows, 1, C + j, A, B + j, n, k, ar, ac);
  for (; j < n; j++)
    for (int r = 0; r < rows; r++) {
      float sum = 0;
      for (int p = 0; p < k; p++) sum += A[r * ar + p * ac] * B[p * n + j];
      C[r * n + j] = sum;
    }
}

// C (m x n) = A B, where A[i, p] lies at A[i*ar + p*ac], so that A may be a transpose, and B is (k x n).
KERNEL(gemm)(float *C, const float *A, const float *B, int m, int n, int k, int ar, int ac) {
  int i = 0;
  for (; i + 4 <= m; i += 4) band(4, C + i * n, A + i * ar, B, n, k, ar, ac);
  for (; i < m; i++) band(1, C + i * n, A + i * ar, B, n, k, ar, ac);
}

// T (cols x rows) = the transpose of A (rows x cols).
KERNEL(transpose)(float *T, const float *A, int rows, int cols) {
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < cols; j++) T[j * rows + i] = A[i * cols + j];
}

// The kernels below are elementwise. `n` is rounded up to a multiple of 4: buffers must have room for that.

// G = sigma(beta Z), or 1[Z >= 0] if beta is infinite.
KERNEL(gate)(float *G, const float *Z, int n, float beta) {
  if (beta > 1e30f)
    for (int i = 0; i < n; i += 4) STORE(G + i, wasm_v128_and(F4(1), wasm_f32x4_ge(LOAD(Z + i), F4(0))));
  else
    for (int i = 0; i < n; i += 4) STORE(G + i, sigmoid4(MUL(F4(beta), LOAD(Z + i))));
}

// C = A B, entry by entry.
KERNEL(mul)(float *C, const float *A, const float *B, int n) {
  for (int i = 0; i < n; i += 4) STORE(C + i, MUL(LOAD(A + i), LOAD(B + i)));
}

// C = A + B.
KERNEL(add)(float *C, const float *A, const float *B, int n) {
  for (int i = 0; i < n; i += 4) STORE(C + i, ADD(LOAD(A + i), LOAD(B + i)));
}

// R (1 x n) is added to each row of C (m x n).
KERNEL(add_row)(float *C, const float *R, int m, int n) {
  for (int i = 0; i < m; i++, C += n) {
    int j = 0;
    for (; j + 4 <= n; j += 4) STORE(C + j, ADD(LOAD(C + j), LOAD(R + j)));
    for (; j < n; j++) C[j] += R[j];
  }
}

// R (1 x n) = the sum of the rows of C (m x n).
KERNEL(sum_rows)(float *R, const float *C, int m, int n) {
  int j = 0;
  for (; j + 4 <= n; j += 4) {
    v128_t sum = F4(0);
    for (int i = 0; i < m; i++) sum = ADD(sum, LOAD(C + i * n + j));
    STORE(R + j, sum);
  }
  for (; j < n; j++) {
    float sum = 0;
    for (int i = 0; i < m; i++) sum += C[i * n + j];
    R[j] = sum;
  }
}

// Back through h = gate u, gate = sigma(beta z): DZ = DH U beta gate (1 - gate), then DH becomes DH gate, the gradient of u.
KERNEL(gate_back)(float *DZ, float *DH, const float *U, const float *G, int n, float beta) {
  for (int i = 0; i < n; i += 4) {
    v128_t g = LOAD(G + i), d = MUL(LOAD(DH + i), g);
    STORE(DZ + i, MUL(MUL(d, LOAD(U + i)), MUL(F4(beta), SUB(F4(1), g))));
    STORE(DH + i, d);
  }
}

// Gradient descent as in torch: M = momentum M + D, W -= rate M.
KERNEL(sgd)(float *W, const float *D, float *M, int n, float rate, float momentum) {
  for (int i = 0; i < n; i += 4) {
    v128_t m = ADD(MUL(F4(momentum), LOAD(M + i)), LOAD(D + i));
    STORE(M + i, m);
    STORE(W + i, SUB(LOAD(W + i), MUL(F4(rate), m)));
  }
}

// Adam as in torch, with its betas 0.9 and 0.999: `rate` = lr / (1 - 0.9^t), `scale` = 1 / sqrt(1 - 0.999^t). Moments below
// 1e-30 count as 0: no denormals. (0.001f, not 1 - 0.999f, which is 1.3e-5 off.)
KERNEL(adam)(float *W, const float *D, float *M, float *V, int n, float rate, float scale, float eps) {
  for (int i = 0; i < n; i += 4) {
    v128_t d = LOAD(D + i);
    v128_t m = ADD(MUL(F4(0.9f), LOAD(M + i)), MUL(F4(0.1f), d));
    v128_t v = ADD(MUL(F4(0.999f), LOAD(V + i)), MUL(F4(0.001f), MUL(d, d)));
    m = wasm_v128_and(m, wasm_f32x4_gt(wasm_f32x4_abs(m), F4(1e-30f)));
    v = wasm_v128_and(v, wasm_f32x4_gt(v, F4(1e-30f)));
    STORE(M + i, m);
    STORE(V + i, v);
    v128_t step = DIV(MUL(F4(rate), m), ADD(MUL(F4(scale), wasm_f32x4_sqrt(v)), F4(eps)));
    STORE(W + i, SUB(LOAD(W + i), step));
  }
}
