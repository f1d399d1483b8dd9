// oxlint-disable-next-line no-restricted-imports -- the manifest is the one place that states the version
import manifest from '../../package.json' with { type: 'json' }

/** Version of the package, as in package.json. */
export const VERSION: string = manifest.version
