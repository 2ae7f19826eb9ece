# Gets a local engine ready to develop against: starts LocalStack in Docker where nothing listens
# yet, creates the tables and seeds sample data. A second run changes nothing.
#
#   scripts\setup-localstack.ps1
#   $env:DYNASTRATA_ENDPOINT_URL = 'http://127.0.0.1:8000'; scripts\setup-localstack.ps1
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Set-Location (Split-Path -Parent $PSScriptRoot)

$DefaultEndpoint = 'http://127.0.0.1:4566'
if (-not $env:DYNASTRATA_ENDPOINT_URL) { $env:DYNASTRATA_ENDPOINT_URL = $DefaultEndpoint }
$env:DYNASTRATA_PROVIDER = 'dynamodb'
$Endpoint = $env:DYNASTRATA_ENDPOINT_URL

function Stop-Setup([string] $Message) {
    [Console]::Error.WriteLine("setup-localstack: $Message")
    exit 1
}

# PowerShell 5 does not stop when a program fails, so each one is asked.
function Invoke-Program([string] $Program, [string[]] $Arguments, [string] $Otherwise) {
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { Stop-Setup $Otherwise }
}

function Test-Listening([uri] $Url) {
    $client = New-Object System.Net.Sockets.TcpClient
    try { return $client.ConnectAsync($Url.Host, $Url.Port).Wait(3000) }
    catch { return $false }
    finally { $client.Dispose() }
}

function Start-LocalStack {
    if ($Endpoint -ne $DefaultEndpoint) {
        Stop-Setup "nothing listens at $Endpoint; start your engine, or remove DYNASTRATA_ENDPOINT_URL"
    }
    if (-not (Get-Command docker -ErrorAction SilentlyContinue)) {
        Stop-Setup "nothing listens at $Endpoint and docker is not installed; install it, or start another engine there"
    }
    Invoke-Program docker @('compose', 'up', '--detach', '--wait', 'localstack') `
        'docker compose could not start LocalStack; its message is above'
}

$IsOnWindows = $env:OS -eq 'Windows_NT'
$Bin = if ($IsOnWindows) { '.venv\Scripts' } else { '.venv/bin' }
$Dynastrata = Join-Path $Bin 'dynastrata'
$Python = Join-Path $Bin 'python'

# Windows has no make: what `make .venv/installed` does, in its two steps.
if (-not (Get-Command $Dynastrata -ErrorAction SilentlyContinue)) {
    $SystemPython = if ($IsOnWindows) { 'python' } else { 'python3' }
    if (-not (Get-Command $SystemPython -ErrorAction SilentlyContinue)) {
        Stop-Setup 'Python 3.11 or newer is not installed'
    }
    Invoke-Program $SystemPython @('-m', 'venv', '.venv') 'Python could not make an environment'
    Invoke-Program $Python @('-m', 'pip', 'install', '--quiet', '--require-hashes', '-r', 'requirements/development.txt') `
        'the dependencies could not be installed'
    Invoke-Program $Python @('-m', 'pip', 'install', '--quiet', '--no-deps', '--no-build-isolation', '--editable', '.') `
        'dynastrata could not be installed'
}
if (-not (Test-Listening $Endpoint)) { Start-LocalStack }

Invoke-Program $Dynastrata @('tables', 'create', '--wait', '60') 'the tables could not be created'
Invoke-Program $Dynastrata @('seed') 'the sample data could not be written'

Write-Output @"

Ready. The tables and the sample data are at $Endpoint. Next, in this window, where
DYNASTRATA_PROVIDER and DYNASTRATA_ENDPOINT_URL are set:

  $Dynastrata serve           the API, its documentation at /docs
  $Dynastrata tables status   what is there

LocalStack in Docker is stopped, and its data forgotten, by: docker compose down
"@
