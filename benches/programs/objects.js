// Strings, maps, JSON and many buffers: V8 keeps small objects to itself, buffers come from malloc.
'use strict';
const { createHash } = require('crypto');
const zlib = require('zlib');

const table = new Map();
for (let i = 0; i < 200000; i++) {
  const key = 'k' + (i * 7919) % 30011;
  table.set(key, (table.get(key) || '') + (i % 10));
  if (i % 13 === 0) table.delete('k' + (i % 30011));
}
const text = JSON.stringify([...table]);
let kept = [];
let bytes = 0;
for (let i = 0; i < 60000; i++) {
  const buffer = Buffer.alloc(64 + (i * 997) % 8000, i & 255);
  bytes += buffer.length;
  kept[(i * 31) % 4001] = buffer;
}
const packed = zlib.deflateSync(Buffer.concat(kept.filter(Boolean)), { level: 1 });
const hash = createHash('sha256').update(zlib.inflateSync(packed)).update(text).digest('hex');
console.log(table.size, text.length, bytes, hash);
