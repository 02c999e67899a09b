/**
 * What architectures are put in order by instead of all real images.
 * - ncfm: a distilled set
 * - random: as many random real images
 * - early-stop: all real images, for as many steps as the other two
 */
export const proxyNames = ['ncfm', 'random', 'early-stop'] as const;
export type ProxyName = (typeof proxyNames)[number];
