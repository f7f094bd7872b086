/** Scalars that several fields share, with the constraints of Kubernetes and the Gateway API. */
import { integer, type Schema, string } from './builders.ts';

const DNS_LABEL = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
const DNS_SUBDOMAIN = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$';
const QUANTITY =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$';

export const objectName = (): Schema => string({ minLength: 1, maxLength: 253 });
export const namespace = (): Schema => string({ minLength: 1, maxLength: 63, pattern: DNS_LABEL });
export const sectionName = (): Schema => string({ minLength: 1, maxLength: 253, pattern: DNS_SUBDOMAIN });
export const groupName = (): Schema => string({ maxLength: 253, pattern: `^$|${DNS_SUBDOMAIN}` });
export const kindName = (): Schema =>
  string({ minLength: 1, maxLength: 63, pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$' });
export const dnsLabel = (): Schema => string({ minLength: 1, maxLength: 63, pattern: DNS_LABEL });
export const port = (): Schema => integer({ minimum: 1, maximum: 65535 });
export const quantity = (): Schema => ({ 'x-kubernetes-int-or-string': true, pattern: QUANTITY });
