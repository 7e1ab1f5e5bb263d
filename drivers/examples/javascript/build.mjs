// Makes a component of a driver: node build.mjs DRIVER.js WIT-FOLDER OUT.wasm [WORLD]
import { componentize } from '@bytecodealliance/componentize-js';
import { writeFile } from 'node:fs/promises';

const [sourcePath, witPath, out, worldName = 'webhook-driver'] = process.argv.slice(2);
const { component } = await componentize({ sourcePath, witPath, worldName, disableFeatures: ['fetch-event'] });
await writeFile(out, component);
