import { labelOfSet } from '../../plan/set-label.js';
import type { SearchResult } from './results.js';

/** Each proxy's accuracies against those of the whole data, a point per architecture of the sample. */
export async function drawSearch({
  dataset,
  method,
  proxies,
  candidates,
}: SearchResult): Promise<string> {
  const sample = candidates.filter(({ sampled }) => sampled);
  const { scatterChart } = await import('../../report/scatter-chart.js');
  return scatterChart({
    title: `Architectures on ${dataset}: what proxies tell of the whole data`,
    xLabel: 'trained on the proxy: accuracy on held-out images (%)',
    yLabel: 'trained on the whole data: test accuracy (%)',
    series: proxies.map(({ proxy, correlation }) => ({
      name: `${labelOfSet(proxy, method)}${correlation.spearman === undefined ? '' : `, ρ = ${correlation.spearman.toFixed(2)}`}`,
      points: sample.map((candidate) => [candidate.proxies[proxy]!.accuracy, candidate.wholeData!]),
    })),
  });
}
