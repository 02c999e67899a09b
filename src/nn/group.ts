import { Module } from './module.js';

/** Modules under one name, each with a name of its own: `features.0`, `layer1.0`, … */
export class ModuleGroup extends Module {
  add<T extends Module>(name: string, module: T): T {
    return this.child(name, module);
  }
}
