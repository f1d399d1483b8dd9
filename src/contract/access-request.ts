/** The question, in the words of AuthZEN 1.0 §4; unknown properties are carried, for conditions of policies. */
export interface AccessRequest {
  readonly subject: { readonly type: string; readonly id: string; readonly properties?: Properties }
  readonly action: { readonly name: string; readonly properties?: Properties }
  readonly resource: { readonly type: string; readonly id: string; readonly properties?: Properties }
  readonly context?: Properties
}
export type Properties = Readonly<Record<string, unknown>>
