/** Go types of the metadata of Kubernetes objects, as of Kubernetes 1.36. The notation is that of `gotypes.ts`. */
export const META = `
strings LabelSelectorOperator ManagedFieldsOperationType
LabelSelector: MatchLabels map[string]string; MatchExpressions []LabelSelectorRequirement
LabelSelectorRequirement: Key string; Operator LabelSelectorOperator; Values []string
ObjectMeta: Name string; GenerateName string; Namespace string; SelfLink string; UID types.UID;
  ResourceVersion string; Generation int64; CreationTimestamp Time; DeletionTimestamp *Time;
  DeletionGracePeriodSeconds *int64; Labels map[string]string; Annotations map[string]string;
  OwnerReferences []OwnerReference; Finalizers []string; ManagedFields []ManagedFieldsEntry
OwnerReference: APIVersion string; Kind string; Name string; UID types.UID; Controller *bool; BlockOwnerDeletion *bool
ManagedFieldsEntry: Manager string; Operation ManagedFieldsOperationType; APIVersion string; Time *Time;
  FieldsType string; FieldsV1 *FieldsV1; Subresource string
FieldsV1: Raw []uint8
TypeMeta: Kind string; APIVersion string
`;
