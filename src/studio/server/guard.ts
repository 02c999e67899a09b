import { timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

export interface GuardOptions {
  /** What the printed address holds, and the browser then keeps as a cookie. */
  readonly token: string;
  /** Known once the server listens. */
  readonly port: () => number;
}

const headers = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * Lets in who has the token, and pages of this server alone: another site that a browser shows cannot ask by a name that
 * leads here (`Host`), nor send anything (`Origin`).
 */
export function guard({ token, port }: GuardOptions): MiddlewareHandler {
  return async (context, next) => {
    const { req } = context;
    const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port()}`);
    if (!hosts.includes(req.header('host') ?? '')) return context.text('unknown host', 403);
    const origin = req.header('origin');
    const isOwn = origin !== undefined && hosts.some((host) => origin === `http://${host}`);
    const sends = req.method !== 'GET' && req.method !== 'HEAD';
    if (!isOwn && (sends || origin !== undefined)) return context.text('another origin', 403);
    const cookie = `ncfm-studio-${port()}`;
    const asked = req.query('token');
    if (asked !== undefined && isSame(asked, token)) {
      setCookie(context, cookie, token, { httpOnly: true, sameSite: 'Strict', path: '/' });
    } else if (!isSame(getCookie(context, cookie) ?? '', token)) {
      return context.text('Open the address that `ncfm studio` has printed: it holds a key.', 401);
    }
    await next();
    for (const [name, value] of Object.entries(headers)) context.header(name, value);
    return;
  };
}

function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
