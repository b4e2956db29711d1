import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import type { Mapping } from './wire.js';

/** `"sha256:<hex>"` over a text in UTF-8. */
export function digestText(text: string): string {
  return `sha256:${bytesToHex(sha256(utf8ToBytes(text)))}`;
}

/** `"sha256:<hex>"` over the canonical form (RFC 8785) of a JSON value. */
export function digest(value: Mapping): string {
  return digestText(canonicalize(value) ?? '');
}

/** A shallow copy of an object with a key left out. */
export function without(mapping: Mapping, key: string): Mapping {
  return Object.fromEntries(Object.entries(mapping).filter(([name]) => name !== key));
}
