"""How the receiver's page looks, the lines that write its times as the reader's clock does, and what it may load."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #57606a; --bad: #c93030; --good: #1f7a45; }
@media (prefers-color-scheme: dark) { :root { --soft: #a3a8b0; --bad: #ff6b6b; --good: #4cc38a; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; margin: 0; } header p, .times { color: var(--soft); margin: 0; }
header { border-bottom: 1px solid var(--line); padding-bottom: .8rem; margin-bottom: 1.2rem; }
article { border: 1px solid var(--line); border-left: 4px solid var(--bad); border-radius: 6px;
  padding: .7rem 1rem; margin: 0 0 .8rem; }
article.resolved { border-left-color: var(--good); }
h2 { font-size: 1rem; margin: 0; display: flex; gap: .6rem; align-items: baseline; flex-wrap: wrap; }
h2 b { color: var(--bad); font-size: .75rem; text-transform: uppercase; letter-spacing: .04em; }
.resolved h2 b { color: var(--good); } h2 time { margin-left: auto; font-weight: 400; color: var(--soft); }
ul { margin: .4rem 0 0; padding-left: 1.1rem; } li { margin: .2rem 0; } code { font-size: .85em; }
.times { font-size: .85rem; }
article.beat { border-left-color: var(--line); } .beat h2 b { color: var(--soft); }
article.blind { border-left-color: var(--bad); } .blind h2 b { color: var(--bad); }
"""

SCRIPT = """
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  time.title = `${zone}; ${time.textContent}`;
  time.textContent = at.toLocaleString("sv");
}
document.getElementById("zone").textContent = zone;
"""
"""Without it the page says the same in UTC."""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src {_hash(STYLE)}; script-src {_hash(SCRIPT)}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
