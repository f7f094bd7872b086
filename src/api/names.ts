import { createHash } from 'node:crypto';

const LONGEST = 63;
const HASH_LENGTH = 32;
const HEAD = LONGEST - HASH_LENGTH;

/**
 * The name of a child object, at most 63 bytes, identical to knative's `kmeta.ChildName`, which KServe's children and
 * the template function of the same name use. Short names are plain concatenation; long ones carry an MD5 of the parent.
 *
 * MD5 serves as a naming rule that must match existing objects, not for security. `node:crypto` is the only platform
 * module in the core: the function is pure.
 */
export function childName(parent: string, suffix: string): string {
  const parentBytes = Buffer.from(parent);
  const suffixBytes = Buffer.from(suffix);
  if (parentBytes.length <= LONGEST - suffixBytes.length) return parent + suffix;
  if (suffixBytes.length < HEAD) {
    return parentBytes.subarray(0, HEAD - suffixBytes.length).toString() + md5(parent) + suffix;
  }
  const head = parentBytes.subarray(0, HEAD).toString() + md5(parent + suffix);
  const room = LONGEST - Buffer.byteLength(head);
  return (head + suffixBytes.subarray(0, Math.max(0, room)).toString()).replace(/[^a-zA-Z0-9]+$/, '');
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
