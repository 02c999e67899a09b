import type { FileIdentity } from '../download/integrity.js';

export interface CatalogFile extends FileIdentity {
  /** What it is called in the dataset's folder. */
  readonly name: string;
  /** Addresses of the same file, the publisher's first. */
  readonly urls: readonly string[];
  /** An archive's outermost folder, which it unpacks to, below the dataset's folder; absent if the file is used as it is. */
  readonly unpacksTo?: string;
}

/** How the files of a dataset come to this machine. */
export type CatalogSource =
  /** Part of this package: nothing to get. */
  | { readonly kind: 'package' }
  | {
      readonly kind: 'download';
      readonly files: readonly CatalogFile[];
      /** Another way to get them, as a clause. */
      readonly alternative?: string;
      /** The folder where that way puts them. */
      readonly installed?: string;
    };

export interface CatalogEntry {
  readonly name: string;
  readonly title: string;
  readonly homepage: string;
  /** Under which conditions the publisher offers it: what to read before using it, no legal advice. */
  readonly terms: string;
  readonly classes: number;
  readonly images: { readonly train: number; readonly test: number };
  /** Size of one image, for people: `3 × 32 × 32`. */
  readonly size: string;
  readonly source: CatalogSource;
  /** Files that are there, relative to the dataset's folder, once it is complete (`/` between parts). */
  readonly layout: readonly string[];
}
