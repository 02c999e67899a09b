import type { Command } from 'commander';
import type { Invocation } from '../invocation.js';
import { addCheckCommand } from './data/check.js';
import { addGetCommand } from './data/get.js';
import { addListCommand } from './data/list.js';
import { addShowCommand } from './data/show.js';

export function addDataCommand(program: Command, invocation: Invocation): void {
  const command = program
    .command('data')
    .summary('list, get, check and show datasets')
    .description('Lists the datasets that have a name, gets them, and looks at these or your own.')
    .addHelpText(
      'after',
      '\nExamples:\n  ncfm data list\n  ncfm data get cifar-10\n  ncfm data check cifar-10',
    );
  addListCommand(command, invocation);
  addGetCommand(command, invocation);
  addCheckCommand(command, invocation);
  addShowCommand(command, invocation);
}
