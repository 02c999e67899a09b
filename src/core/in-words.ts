/** A name of code as people write it: `fineTuningLoss` as `fine tuning loss`. */
export function inWords(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
