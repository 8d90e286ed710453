// Assertions that are counted.
import assert from 'node:assert/strict';

let checks = 0;

export const same = (what, wanted, got) => {
  checks += 1;
  assert.deepEqual(got, wanted, what);
};
export const check = (what, holds) => {
  checks += 1;
  assert.ok(holds, what);
};
export const fails = async (what, code, work) => {
  const error = await work().then(() => undefined, (e) => e);
  check(`${what}: no error`, error !== undefined);
  same(what, code, error.code);
  return error;
};
export const done = (what) => console.log(`ok: ${what}, ${checks} checks`);
