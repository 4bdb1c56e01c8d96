/** outdatedProgram reports whether a problem says that the server speaks the program's form of a collection no more. */
export const outdatedProgram = ({ code }) => code === 'client.outdated'
/** lostHistory reports whether a problem says that the server has begun another history, after a backup was put back. */
export const lostHistory = ({ code }) => code === 'pull.epoch_changed' || code === 'pull.cursor_invalid'
