import { tuneProcess } from '../src/tensor/tune.js';

tuneProcess();
