// A Bluesky PDS with a directory of its own, on the loopback. Says where it is in one line, and lives as long as its
// standard input. Arguments: the folder with node_modules, and an empty one for its data.
const { createRequire } = require('node:module')
const net = require('node:net')
const path = require('node:path')

const [modules, data] = process.argv.slice(2)
const load = createRequire(path.join(modules, 'package.json'))

// These servers would listen on every interface.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  return typeof port === 'number' ? listen.call(this, { port, host: '127.0.0.1' }, ...rest) : listen.call(this, port, ...rest)
}

const freePort = () =>
  new Promise((resolve) => {
    const probe = net.createServer().listen(0, () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

async function main() {
  const plc = load('@did-plc/server')
  const pds = load('@atproto/pds')
  const { Secp256k1Keypair } = load('@atproto/crypto')
  const rotation = await Secp256k1Keypair.create({ exportable: true })
  const recovery = await Secp256k1Keypair.create()

  const directoryPort = await freePort()
  const directory = plc.PlcServer.create({ db: plc.Database.mock(), port: directoryPort })
  await directory.start()

  const port = await freePort()
  const env = {
    devMode: true,
    port,
    dataDirectory: data,
    blobstoreDiskLocation: path.join(data, 'blobs'),
    blobUploadLimit: 100_000_000,
    didPlcUrl: `http://127.0.0.1:${directoryPort}`,
    recoveryDidKey: recovery.did(),
    plcRotationKeyK256PrivateKeyHex: Buffer.from(await rotation.export()).toString('hex'),
    adminPassword: 'admin-of-the-loopback',
    jwtSecret: 'jwt-secret-of-the-loopback',
    serviceHandleDomains: ['.test'],
    bskyAppViewUrl: 'https://appview.invalid',
    bskyAppViewDid: 'did:example:invalid',
    inviteRequired: false,
    disableSsrfProtection: true,
  }
  const server = await pds.PDS.create(pds.envToCfg(env), pds.envToSecrets(env))
  await server.start()
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}`, directory: `http://127.0.0.1:${directoryPort}` }))
  process.stdin.on('end', () => process.exit(0)).resume()
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
