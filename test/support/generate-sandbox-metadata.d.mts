// Types of the generator script beside this file, for the test that runs it again.
export function generateFromPackage(): string;
