/** What `ncfm doctor` found of one thing. */
export interface Finding {
  readonly name: string;
  /** `note`: worth knowing, ncfm works without; `broken`: ncfm cannot work. */
  readonly state: 'ok' | 'note' | 'broken';
  readonly detail: string;
  /** The command or the step that mends it. */
  readonly remedy?: string;
}
