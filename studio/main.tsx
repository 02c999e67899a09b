import { render } from 'preact';
import type { ReportData } from '../src/studio/view.js';
import { Studio } from './live/studio.js';
import { Report } from './report.js';
import './style.css';

const page = document.getElementById('page');
const stored = document.getElementById('report')?.textContent;

if (page !== null) {
  const data = stored ? (JSON.parse(stored) as ReportData) : undefined;
  render(data ? <Report data={data} /> : <Studio />, page);
}
