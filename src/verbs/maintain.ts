// Maintain: a repository in; its packs joined and its commit graph kept up, and what that has saved.
import { type Maintenance, maintainRepository } from '../repo/index.ts';

export interface MaintainOptions {
  /** A folder in the repository, or a bare one. */
  readonly root: string;
  /** Look for the smallest form of everything anew, and not only of what came lately. */
  readonly full?: boolean;
}

/** Keeps a repository small and quick. Safe beside a snapshot that is under way. Problem `usage` where there is no repository. */
export function maintain({ root, full = false }: MaintainOptions): Promise<Maintenance> {
  return maintainRepository(root, { full });
}
