import type { Gvk, KubeObject, OwnerReference, Ref } from '../api/object.ts';
import { type LLMInferenceService, LLMISVC } from '../api/llmisvc.ts';
import type { Part, Problem } from '../api/problem.ts';

/** A child object as it shall be, and everything the apply step must know about it. */
export interface Child {
  /** Complete desired object: labels, owner reference, whole spec. No hash, no resource version. */
  readonly object: KubeObject;
  readonly part: Part;
  /** Children are created in ascending order; equal numbers may be written at the same time. */
  readonly order: number;
  /**
   * Fields that belong to others whenever `object` does not carry them, as paths: `[['spec', 'replicas']]`. They are
   * handed over before they are left out.
   */
  readonly leftToOthers: readonly (readonly string[])[];
  /** Which part of the effective spec a part of the child was made from, longest prefix first wins. */
  readonly origins: readonly PathOrigin[];
  /**
   * For a Secret: the DNS names and IP addresses of the certificate that it shall hold. Key and certificate are made by
   * whoever applies it; here its data have keys and no values.
   */
  readonly certificateFor?: readonly string[];
}

/** `child: 'spec.template.spec'` was made from `spec: 'spec.template'`. */
export interface PathOrigin {
  readonly child: string;
  readonly spec: string;
}

/** The result of `render`. */
export interface Plan {
  /** In apply order. */
  readonly children: readonly Child[];
  /** Parts that could not be rendered: their existing children stay as they are. */
  readonly held: ReadonlySet<Part>;
  /** All kinds that any family can render, with the part they belong to: what is ours, of these kinds and not desired, is pruned. */
  readonly prunable: readonly (Gvk & { readonly part: Part })[];
  /** Objects of kinds that are not watched: what is ours among them is looked for by name and pruned. */
  readonly prunableByName: readonly (Ref & { readonly part: Part })[];
  readonly problems: readonly Problem[];
}

/** What one family of children comes to. */
export interface Rendered {
  /** Absent when nothing of this kind is wanted, or when the part is held. */
  readonly child?: Child;
  readonly problems: readonly Problem[];
  /** The part cannot be rendered (see the problems), or something that it depends on is not known yet. */
  readonly held: boolean;
}

/** The owner reference of every namespaced child, as KServe writes it. */
export function ownerReference(service: LLMInferenceService): OwnerReference {
  return {
    apiVersion: LLMISVC.apiVersion,
    kind: LLMISVC.kind,
    name: service.metadata.name,
    uid: service.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}
