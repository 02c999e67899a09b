import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type ColumnMetaData,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { UsageError } from '../../core/errors.js';
import { checkPages, compressors } from '../formats/parquet-pages.js';
import { parsing } from '../formats/read-file.js';
import { parseThrift } from '../formats/thrift.js';

/** Row groups whose pictures are kept: reading goes on in a second one before the first is done with. */
const keptGroups = 3;

/** Names that a column of pictures or labels may have, the preferred first. */
const imageColumns = ['image', 'img', 'picture'];
const labelColumns = ['label', 'labels', 'fine_label', 'class'];

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
  /** In its file. */
  readonly number: number;
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
        for (const one of await readLabels(of, label)) labels.push(one);
        for (const [number, { num_rows: rows }] of of.metadata.row_groups.entries()) {
          groups.push({ of, number, first, count: Number(rows) });
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

  /** The row's file, by its number among `files`, and number in it. */
  place(row: number): { readonly file: number; readonly row: number } {
    const { of } = this.#groupOf(row).group;
    return { file: this.files.indexOf(of.path), row: row - of.first };
  }

  /** The row's file and number in it. */
  describe(row: number): string {
    const place = this.place(row);
    return `${this.files[place.file]}, row ${place.row}`;
  }

  /** The picture's file as it is stored. Throws UsageError naming file and row if there is none. */
  async bytes(row: number): Promise<Uint8Array> {
    const { index, group } = this.#groupOf(row);
    let pictures = this.#read.get(index);
    if (pictures === undefined) {
      pictures = parsing(group.of.path, () => readGroup(group));
      this.#read.set(index, pictures);
      const oldest = this.#read.keys().next().value;
      if (this.#read.size > keptGroups && oldest !== undefined) this.#read.delete(oldest);
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
  await checkFooter(file);
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  // Every picture takes a byte at the least.
  if (!(rows <= file.byteLength)) {
    throw new Error(`it claims ${rows} rows in ${file.byteLength} bytes`);
  }
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const find = (names: readonly string[], what: string): string => {
    const found = names.find((name) => columns.includes(name));
    if (found !== undefined) return found;
    throw new Error(
      `there is no column of ${what} (${names.join(', ')}); its columns are ${columns.join(', ')}`,
    );
  };
  const image = find(imageColumns, 'pictures');
  const label = find(labelColumns, 'labels');
  return { of: { path, file, metadata, image, first }, label };
}

/** The library makes room for whatever a list claims to hold: the claims are checked first. */
async function checkFooter(file: AsyncBuffer): Promise<void> {
  const size = file.byteLength;
  if (size < 12) throw new Error(`it has ${size} bytes, too few for a parquet file`);
  const end = Buffer.from(await file.slice(size - 8, size));
  const length = end.readUInt32LE(0);
  if (end.toString('latin1', 4) !== 'PAR1' || length > size - 12) {
    throw new Error("it does not end as a parquet file does, with its footer's length and PAR1");
  }
  parseThrift(Buffer.from(await file.slice(size - 8 - length, size - 8)));
}

/** Checks the pages of a column, and of those below it, in one row group; see `checkPages`. */
async function checkColumn({ file, metadata }: OpenFile, group: number, name: string) {
  const { columns, num_rows: rows } = metadata.row_groups[group]!;
  for (const { meta_data: column } of columns) {
    if (column?.path_in_schema[0] !== name) continue;
    const start = Number(column.dictionary_page_offset || column.data_page_offset);
    const end = start + Number(column.total_compressed_size);
    if (!(start >= 0 && start <= end && end <= file.byteLength)) {
      throw new Error(`the column '${name}' claims bytes ${start} to ${end} of ${file.byteLength}`);
    }
    checkPages(Buffer.from(await file.slice(start, end)), {
      codec: column.codec,
      type: column.type,
      rows: Number(rows),
      optionalLevels: optionalLevels(metadata, column),
    });
  }
}

function optionalLevels(metadata: FileMetaData, { path_in_schema: path }: ColumnMetaData): number {
  let { children } = parquetSchema(metadata);
  let levels = 0;
  for (const name of path) {
    const found = children.find(({ element }) => element.name === name);
    const repetition = found?.element.repetition_type;
    if (found === undefined || repetition === 'REPEATED') {
      throw new Error(`the column '${path.join('.')}' is a list, or is not described`);
    }
    if (repetition !== 'REQUIRED') levels += 1;
    children = found.children;
  }
  return levels;
}

async function readLabels(of: OpenFile, column: string): Promise<number[]> {
  const { file, metadata } = of;
  for (const group of metadata.row_groups.keys()) await checkColumn(of, group, column);
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

async function readGroup({ of, number, first, count }: RowGroup): Promise<readonly Uint8Array[]> {
  const { file, metadata, image } = of;
  await checkColumn(of, number, image);
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
