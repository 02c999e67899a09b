import type { ComponentChildren } from 'preact';

interface ScrollProps {
  readonly label: string;
  readonly isTall?: boolean;
  readonly children: ComponentChildren;
}

/** What may be wider than the page, by itself; the keyboard can scroll it. */
export function Scroll({ label, isTall = false, children }: ScrollProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would be styled as one of the page's
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard cannot scroll
    <div class={isTall ? 'scroll tall' : 'scroll'} role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
