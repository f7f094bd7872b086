import type { KubeObject } from '../../api/object.ts';
import type { Settings } from '../../api/settings.ts';
import type { Evaluated } from '../world/evaluate.ts';
import type { Position } from '../input/place.ts';

/** A position in a file. */
export interface FilePosition extends Position {
  readonly file: string;
}

/** An object that says something: a service, a config, or the ConfigMap of the settings. */
export interface Speaker {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** What is known of one service, to explain from. */
export interface About {
  readonly evaluated: Evaluated;
  readonly settings: Settings;
  /** The ConfigMap that the settings were read from, if there is one. */
  readonly configMap?: KubeObject;
  /** Where a field stands; undefined where its object comes from no file. */
  readonly placeOf: (speaker: Speaker, path: string) => FilePosition | undefined;
}

/** What one object says about a value, before templates are executed, and where. */
export interface Saying extends Partial<FilePosition> {
  readonly source: Speaker;
  readonly role: 'Preset' | 'UserRef' | 'Service' | 'Settings';
  readonly value: unknown;
}

/** Why a value is what it is. */
export interface Explained {
  /** In the effective spec, in the child (`deployment.spec.replicas`), in the service or in the ConfigMap of the settings. */
  readonly path: string;
  /** Absent for a field that is not set, which has been looked at. */
  readonly value?: unknown;
  /** The field of the effective spec that it is made from. */
  readonly specPath?: string;
  /** The step of the operator, or the rule for children, that set it; otherwise the last of `layers` did. */
  readonly rule?: string;
  /** Every layer that says something about it, lowest first: each overrides those before it. */
  readonly layers: readonly Saying[];
  /** What the rule, or the template in the last layer, made it from. */
  readonly inputs?: readonly Explained[];
}

/** A value that a rule or a template looks at. */
export type Input =
  /** A field of the effective spec: `spec.model.name`. */
  | { readonly spec: string }
  /** A field of the spec as the service itself has it. */
  | { readonly own: string }
  /** A field of the service outside of its spec: `metadata.name`. */
  | { readonly service: readonly (string | number)[] }
  | { readonly setting: string };
