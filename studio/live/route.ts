import { useEffect, useState } from 'preact/hooks';

/** Which runs are shown: none for the list, one, or several beside each other. Kept in the address. */
export function useRoute(): readonly string[] {
  const [names, setNames] = useState(namesNow);
  useEffect(() => {
    const change = (): void => {
      setNames(namesNow());
      scrollTo(0, 0);
    };
    addEventListener('hashchange', change);
    return () => removeEventListener('hashchange', change);
  }, []);
  return names;
}

function namesNow(): readonly string[] {
  return new URLSearchParams(location.hash.slice(1)).getAll('run');
}

export function addressOf(names: readonly string[]): string {
  return `#${new URLSearchParams(names.map((name) => ['run', name]))}`;
}
