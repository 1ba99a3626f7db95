// torch's generator on a processor, a Mersenne twister: the same seed gives the weights that Python has.

const N = 624;

/** A source of 32-bit whole numbers, as `torch.Generator().manual_seed(seed)` has them. */
export function twister(seed) {
  const state = new Uint32Array(N);
  state[0] = seed;
  for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ state[i - 1] >>> 30) + i;
  let at = N;
  return () => {
    if (at === N) {
      for (let i = 0; i < N; i++) {
        const y = state[i] & 0x80000000 | state[(i + 1) % N] & 0x7fffffff;
        state[i] = state[(i + 397) % N] ^ y >>> 1 ^ (y & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at++];
    y ^= y >>> 11; y ^= y << 7 & 0x9d2c5680; y ^= y << 15 & 0xefc60000;
    return (y ^ y >>> 18) >>> 0;
  };
}

const f = Math.fround;

/** Fill with U(-bound, bound), as `tensor.uniform_(-bound, bound, generator=…)` does, to the last bit on processors that fuse. */
export function fillUniform(values, next, bound) {
  const low = f(-bound), span = f(f(bound) - low);
  for (let i = 0; i < values.length; i++) values[i] = f((next() & 0xffffff) * 2 ** -24 * span + low); // one rounding
}

/**
 * Fill with N(0, std²), as `tensor.normal_(0, std, generator=…)` does up to the last bits of log and cos: pairs by
 * Box and Muller's formula, from blocks of sixteen numbers for 16 values or more, one by one for fewer. `spare` holds
 * the second of a pair, which torch's generator keeps for the next few.
 */
export function fillNormal(values, next, std, spare) {
  const n = values.length;
  if (n < 16) {
    for (let i = 0; i < n; i++) values[i] = std * one(next, spare);
    return;
  }
  const unit = () => (next() & 0xffffff) * 2 ** -24;
  for (let i = 0; i < n; i++) values[i] = unit();
  for (let i = 0; i + 16 <= n; i += 16) pairs(values, i, std);
  if (n % 16) { // the last sixteen anew
    for (let i = n - 16; i < n; i++) values[i] = unit();
    pairs(values, n - 16, std);
  }
}

function pairs(values, start, std) {
  for (let j = start; j < start + 8; j++) {
    const radius = Math.sqrt(-2 * Math.log(f(1 - values[j]))), angle = 2 * Math.PI * values[j + 8];
    values[j] = radius * Math.cos(angle) * std;
    values[j + 8] = radius * Math.sin(angle) * std;
  }
}

function one(next, spare) {
  if (spare.value !== undefined) {
    const value = spare.value;
    spare.value = undefined;
    return value;
  }
  const unit = () => { // 53 bits, the high word first
    const high = next(), low = next();
    return ((high & 0x1fffff) * 2 ** 32 + low) * 2 ** -53;
  };
  const first = unit(), second = unit();
  const radius = Math.sqrt(-2 * Math.log1p(-second)), angle = 2 * Math.PI * first;
  spare.value = radius * Math.sin(angle);
  return radius * Math.cos(angle);
}
