'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const { createHash } = require('crypto');
const { execFileSync } = require('child_process');
const zlib = require('zlib');

const digest = (data) => createHash('sha256').update(data).digest('hex').slice(0, 16);

function job(n) {
  const table = new Map();
  for (let i = 0; i < 60000; i++) {
    const key = 'k' + ((i * 7919 + n) % 3001);
    table.set(key, (table.get(key) || '') + n);
    if (i % 13 === 0) table.delete('k' + (i % 3001));
  }
  const text = JSON.stringify([...table].sort());
  const packed = zlib.gzipSync(text);
  const buffers = [];
  for (let i = 0; i < 400; i++) buffers.push(Buffer.alloc((i * 997) % 50000, i & 255));
  const all = Buffer.concat(buffers);
  return { n, size: table.size, text: digest(text), same: zlib.gunzipSync(packed).toString() === text, all: digest(all), length: all.length };
}

if (!isMainThread) {
  const result = job(workerData);
  const bytes = new Uint8Array(1 << 20).fill(workerData);
  parentPort.postMessage({ result, bytes: bytes.buffer }, [bytes.buffer]);
} else {
  const results = [];
  const start = (n) => new Promise((resolve, reject) => {
    const worker = new Worker(__filename, { workerData: n });
    worker.on('message', ({ result, bytes }) => results.push({ ...result, bytes: digest(new Uint8Array(bytes)) }));
    worker.on('error', reject);
    worker.on('exit', resolve);
  });
  (async () => {
    for (let round = 0; round < 3; round++) await Promise.all([0, 1, 2, 3].map((n) => start(round * 4 + n)));
    results.sort((a, b) => a.n - b.n);
    for (const r of results) console.log(JSON.stringify(r));
    console.log(job(99));
    console.log(execFileSync(process.execPath, ['-e', 'console.log([1, 2, 3].map((x) => x * x).join())']).toString());
    const big = await new Promise((resolve, reject) => zlib.brotliCompress(Buffer.alloc(3000000, 'abc'), (e, b) => e ? reject(e) : resolve(b)));
    console.log(digest(zlib.brotliDecompressSync(big)));
  })();
}
