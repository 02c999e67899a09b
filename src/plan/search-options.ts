/**
 * What architectures are put in order by instead of all real images.
 * - distilled: a distilled set
 * - random: as many random real images
 * - early-stop: all real images, for as many steps as the other two
 */
export const proxyNames = ['distilled', 'random', 'early-stop'] as const;
export type ProxyName = (typeof proxyNames)[number];
