import { Document, isMap, isSeq, visit } from 'yaml';
import type { Plan } from './plan.js';

/** A plan as YAML that can be loaded again; lists and the innermost mappings take one line each. */
export function planYaml(plan: Plan): string {
  const document = new Document(plan, { aliasDuplicateObjects: false });
  visit(document, {
    Seq: (_, node) => {
      node.flow = true;
    },
    Map: (key, node) => {
      node.flow = key !== null && !node.items.some(({ value }) => isMap(value) || isSeq(value));
    },
  });
  document.commentBefore = ` Every setting of the run '${plan.name}', the defaults written out.`;
  return document.toString({ lineWidth: 0 });
}
