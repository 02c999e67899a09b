export {
  type DownloadOptions,
  type DownloadOutcome,
  type DownloadProgress,
  downloadFile,
} from './download-file.js';
export {
  type FileOutcome,
  findDownloaded,
  type GetOptions,
  type GetOutcome,
  type GetProgress,
  getDataset,
} from './get-dataset.js';
export { describeIdentity, type FileHash, type FileIdentity, findMismatch } from './integrity.js';
