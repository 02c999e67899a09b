import { useEffect } from 'preact/hooks';
import { useFacts } from './api.js';
import { useRoute } from './route.js';
import { Runs } from './runs.js';
import { Watched } from './watched.js';

/** The studio: the list of runs, one of them, or several beside each other, all live. */
export function Studio() {
  const names = useRoute();
  const facts = useFacts();
  useEffect(() => {
    // The key is in the cookie now, and should not be seen or kept in the address.
    if (location.search !== '') history.replaceState(null, '', `/${location.hash}`);
  }, []);
  useEffect(() => {
    document.title = names.length === 0 ? 'ncfm studio' : `${names.join(', ')} – ncfm studio`;
  }, [names]);
  const hasControl = facts?.hasControl ?? false;
  return (
    <>
      <header class="top">
        <a href="#runs" class="home">
          ncfm studio
        </a>
        {names.length > 0 && <a href="#runs">All runs</a>}
      </header>
      <main>
        {names.length === 0 ? (
          <Runs presets={hasControl ? (facts?.presets ?? []) : undefined} />
        ) : (
          <Watched key={names.join()} names={names} hasControl={hasControl} />
        )}
      </main>
    </>
  );
}
