/**
 * Snapshots: every output of a stage becomes visible all at once, or not at all.
 *
 * <pre>
 *   &lt;root&gt;/&lt;artefact&gt;/data/&lt;attempt&gt;/...                immutable files, unique per attempt
 *   &lt;root&gt;/&lt;artefact&gt;/_versions/00000000000000000042.json  the manifest; creating it is the commit
 *   &lt;root&gt;/&lt;artefact&gt;/_tags/prod/00000000000000000003.json  what a tag points at; the newest wins
 *   &lt;root&gt;/&lt;artefact&gt;/_runs/&lt;run key&gt;/&lt;attempt&gt;.json       who tried, and how it ended
 *   &lt;root&gt;/&lt;artefact&gt;/_retired/...                        manifests that vacuum took out of service
 * </pre>
 *
 * <p>The rules that everything else follows from:
 *
 * <ol>
 *   <li>Files under {@code data} are never changed and never renamed. A file counts only if a
 *       manifest names it; whatever a killed or repeated task leaves behind is litter.
 *   <li>A manifest is created exclusively ({@code ExclusiveCreate}): of two writers of one version
 *       number exactly one wins.
 *   <li>A reader resolves a version once and stays with it ({@link dev.weft.store.Snapshot}).
 *   <li>Data is identified by its attempt, not by its version number: rolling back publishes the
 *       same files under a new number, and whoever read them before is still up to date.
 *   <li>What must change together is named by one manifest: a {@link dev.weft.store.Release}.
 * </ol>
 */
package dev.weft.store;
