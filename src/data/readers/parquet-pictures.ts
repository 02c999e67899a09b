import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { UsageError } from '../../tensor/errors.js';
import { parsing } from '../formats/read-file.js';

/** Row groups whose pictures are kept: reading goes on in a second one before the first is done with. */
const KEPT_GROUPS = 3;

/** Names that a column of pictures or labels may have, the preferred first. */
const IMAGE_COLUMNS = ['image', 'img', 'picture'];
const LABEL_COLUMNS = ['label', 'labels', 'fine_label', 'class'];

/** One file: its content is read in pieces. */
interface OpenFile {
  readonly path: string;
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly image: string;
  /** Rows before this file's. */
  readonly first: number;
}

/** A run of rows that are stored together. */
interface RowGroup {
  readonly of: OpenFile;
  /** In all files. */
  readonly first: number;
  readonly count: number;
}

/** The pictures and labels of one or several parquet files, as one list of rows. */
export class ParquetPictures {
  readonly #groups: readonly RowGroup[];
  readonly #read = new Map<number, Promise<readonly Uint8Array[]>>();

  private constructor(
    readonly files: readonly string[],
    readonly labels: Int32Array,
    readonly classNames: readonly string[],
    groups: readonly RowGroup[],
  ) {
    this.#groups = groups;
  }

  /**
   * Reads the labels and where the pictures are.
   *
   * @throws UsageError naming the file that is damaged or has other columns.
   */
  static async open(paths: readonly string[]): Promise<ParquetPictures> {
    const labels: number[] = [];
    const groups: RowGroup[] = [];
    let names: readonly string[] | undefined;
    for (const path of paths) {
      await parsing(path, async () => {
        const { of, label } = await openFile(path, labels.length);
        names ??= classNamesOf(of.metadata, label);
        let first = labels.length;
        labels.push(...(await readLabels(of, label)));
        for (const { num_rows: rows } of of.metadata.row_groups) {
          groups.push({ of, first, count: Number(rows) });
          first += Number(rows);
        }
        if (first !== labels.length) throw new Error('its row groups and labels disagree');
      });
    }
    const classes = labels.reduce((most, label) => Math.max(most, label + 1), 0);
    const classNames = names ?? Array.from({ length: classes }, (_, label) => String(label));
    if (classes > classNames.length) {
      throw new UsageError(
        `${paths[0]}: there is a label ${classes - 1}, but ${classNames.length} classes are named`,
      );
    }
    return new ParquetPictures(paths, Int32Array.from(labels), classNames, groups);
  }

  /** The row's file and number in it. */
  describe(row: number): string {
    const { of } = this.#groupOf(row).group;
    return `${of.path}, row ${row - of.first}`;
  }

  /** The picture's file as it is stored. Throws UsageError naming file and row if there is none. */
  async bytes(row: number): Promise<Uint8Array> {
    const { index, group } = this.#groupOf(row);
    let pictures = this.#read.get(index);
    if (pictures === undefined) {
      pictures = parsing(group.of.path, () => readGroup(group));
      this.#read.set(index, pictures);
      const oldest = this.#read.keys().next().value;
      if (this.#read.size > KEPT_GROUPS && oldest !== undefined) this.#read.delete(oldest);
    }
    return (await pictures)[row - group.first]!;
  }

  #groupOf(row: number): { index: number; group: RowGroup } {
    let [low, high] = [0, this.#groups.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#groups[middle]!.first <= row) low = middle;
      else high = middle - 1;
    }
    return { index: low, group: this.#groups[low]! };
  }
}

async function openFile(path: string, first: number): Promise<{ of: OpenFile; label: string }> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const columns = topLevelColumns(metadata);
  const find = (names: readonly string[], what: string): string => {
    const found = names.find((name) => columns.includes(name));
    if (found !== undefined) return found;
    throw new Error(
      `there is no column of ${what} (${names.join(', ')}); its columns are ${columns.join(', ')}`,
    );
  };
  const image = find(IMAGE_COLUMNS, 'pictures');
  const label = find(LABEL_COLUMNS, 'labels');
  return { of: { path, file, metadata, image, first }, label };
}

function topLevelColumns({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  let position = 1;
  const skip = (): void => {
    const { num_children: children = 0 } = schema[position++] ?? {};
    for (let child = 0; child < children; child++) skip();
  };
  while (position < schema.length) {
    names.push(schema[position]!.name);
    skip();
  }
  return names;
}

async function readLabels({ file, metadata }: OpenFile, column: string): Promise<number[]> {
  const rows = await parquetReadObjects({ file, metadata, columns: [column], compressors });
  return rows.map((row, index) => {
    const label = Number(row[column]);
    if (row[column] !== null && Number.isSafeInteger(label) && label >= 0 && label < 1e6) {
      return label;
    }
    throw new Error(
      `row ${index} has label ${String(row[column])}; expected a class number from 0`,
    );
  });
}

async function readGroup({ of, first, count }: RowGroup): Promise<readonly Uint8Array[]> {
  const { file, metadata, image } = of;
  const rowStart = first - of.first;
  const rows = await parquetReadObjects({
    file,
    metadata,
    columns: [image],
    rowStart,
    rowEnd: rowStart + count,
    compressors,
    utf8: false,
  });
  if (rows.length !== count) throw new Error(`it gave ${rows.length} of ${count} rows`);
  return rows.map((row, index) => {
    const value: unknown = row[image];
    const bytes =
      value instanceof Uint8Array ? value : (value as { bytes?: unknown } | null)?.bytes;
    if (bytes instanceof Uint8Array) return bytes;
    throw new Error(
      `row ${rowStart + index} holds no picture's bytes; pictures that lie elsewhere are not read`,
    );
  });
}

/** Hugging Face's description of the columns, if there is one. */
function classNamesOf(metadata: FileMetaData, label: string): readonly string[] | undefined {
  const entry = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface');
  if (entry?.value === undefined) return undefined;
  let described: { info?: { features?: Record<string, { names?: unknown }> } };
  try {
    described = JSON.parse(entry.value) as typeof described;
  } catch {
    throw new Error("its metadata 'huggingface' is not JSON");
  }
  const names = described.info?.features?.[label]?.names;
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names;
  return undefined;
}
