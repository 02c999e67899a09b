import { useEffect, useState } from 'preact/hooks';

/** The page's colours, for what is drawn on canvas. */
export interface Theme {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly surface: string;
  readonly font: string;
  /** A colour of the palette as it stands out from the ground. */
  readonly lift: (colour: string) => string;
}

/** The palette's colours that are too dark for a dark ground. */
const lifted: Readonly<Record<string, string>> = { '#0072b2': '#4aa8dd', '#444444': '#b9bec6' };

/** The colours as they are now; those of a print are light. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(themeNow);
  useEffect(() => {
    const queries = ['(prefers-color-scheme: dark)', 'print'].map((query) => matchMedia(query));
    const change = (): void => setTheme(themeNow());
    for (const query of queries) query.addEventListener('change', change);
    return () => {
      for (const query of queries) query.removeEventListener('change', change);
    };
  }, []);
  return theme;
}

function themeNow(): Theme {
  const style = getComputedStyle(document.documentElement);
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches && !matchMedia('print').matches;
  return {
    text: style.getPropertyValue('--text').trim(),
    quiet: style.getPropertyValue('--quiet').trim(),
    line: style.getPropertyValue('--line').trim(),
    surface: style.getPropertyValue('--surface').trim(),
    font: style.getPropertyValue('--font').trim(),
    lift: (colour) => (isDark ? (lifted[colour] ?? colour) : colour),
  };
}
