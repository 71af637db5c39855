// Takes what is wrong with a policy, gives the error in the words of the Conditional Access workload (reference 1.8): code `BadRequest`, a four-digit number first.
import { GraphError } from '../../types.ts';

/** 400 with the workload's number; `target` names the member of the body, as Graph's `details` do. */
export function refusal(number: number, message: string, target?: string): GraphError {
  const text = `${number}: ${message}`;
  return new GraphError(400, 'BadRequest', text, {
    details: target === undefined ? [] : [{ code: 'BadRequest', message: text, target }],
  });
}

/** The number and words for a body that lacks a required member (seen in terraform-provider-azuread issue 790). */
export function schemaRefusal(target: string): GraphError {
  return refusal(
    1007,
    'Incoming ConditionalAccessPolicy object is null or does not match the schema of ConditionalAccessPolicy type. ' +
      'For examples, please see API documentation at https://learn.microsoft.com/graph/api/conditionalaccessroot-post-policies.',
    target,
  );
}

/** The number and words for controls that do not go together (seen in AlexFilipin/ConditionalAccess issue 4). */
export function controlRefusal(reason: string, target: string): GraphError {
  return refusal(1032, `ConditionalActionPolicy validation failed due to ${reason}.`, target);
}
