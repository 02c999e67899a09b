/** How a terminal is sent a picture. */
export type ImageProtocol = 'kitty' | 'iterm2' | 'sixel';

export const imageProtocols = ['kitty', 'iterm2', 'sixel'] as const satisfies ImageProtocol[];

type Environment = Readonly<Record<string, string | undefined>>;

/** The way that a terminal is known to take pictures by, from what it says of itself; undefined where none is known. */
export function protocolOf(environment: Environment): ImageProtocol | undefined {
  const { TERM = '', TERM_PROGRAM = '' } = environment;
  // They take pictures only where they were told to let them through.
  if (/^(screen|tmux)/.test(TERM)) return undefined;
  if (environment.KITTY_WINDOW_ID || /kitty|ghostty/i.test(`${TERM} ${TERM_PROGRAM}`)) {
    return 'kitty';
  }
  if (/^(iTerm\.app|WezTerm|mintty)$/.test(TERM_PROGRAM)) return 'iterm2';
  if (/sixel|mlterm|^foot|contour|yaft/.test(TERM) || environment.KONSOLE_VERSION) return 'sixel';
  return undefined;
}
