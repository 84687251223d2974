"""Code to copy: the first event from a shell, Python, Node and a browser, with this installation's address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Snippet:
    id: str
    title: str
    code: str


def write_snippets(url: str, key: str) -> list[Snippet]:
    """One snippet per language; ``key`` is the write key, or words that say where to put it."""
    return [
        Snippet("curl", "curl", _CURL.format(url=url, key=key)),
        Snippet("python", "Python", _PYTHON.format(url=url, key=key)),
        Snippet("node", "Node.js", _NODE.format(url=url, key=key)),
        Snippet("browser", "JavaScript", _BROWSER.format(url=url, key=key)),
    ]


_CURL = """curl {url}/v1/batch -u '{key}:' \\
  -H 'Content-Type: application/json' \\
  -d '{{"batch": [{{"type": "track", "messageId": "first-event-1", "userId": "user-1", "event": "Report opened",
       "context": {{"groupId": "customer-1"}}}}]}}'
"""

_PYTHON = """# pip install segment-analytics-python
import segment.analytics as analytics

analytics.write_key = "{key}"
analytics.host = "{url}"

# Send the group first: it makes the customer and names it. / 先に送ると、この名称で顧客企業が登録されます。
analytics.group("user-1", "customer-1", {{"name": "株式会社花山"}})
analytics.track("user-1", "Report opened", context={{"groupId": "customer-1"}})
analytics.flush()
"""

_NODE = """// npm install @segment/analytics-node
import {{ Analytics }} from "@segment/analytics-node";

const analytics = new Analytics({{ writeKey: "{key}", host: "{url}" }});

// Send the group first: it makes the customer and names it. / 先に送ると、この名称で顧客企業が登録されます。
analytics.group({{ userId: "user-1", groupId: "customer-1", traits: {{ name: "株式会社花山" }} }});
analytics.track({{ userId: "user-1", event: "Report opened", context: {{ groupId: "customer-1" }} }});
await analytics.closeAndFlush();
"""

_BROWSER = """await fetch("{url}/v1/track", {{
  method: "POST",
  headers: {{ "Content-Type": "application/json", Authorization: "Basic " + btoa("{key}:") }},
  body: JSON.stringify({{
    messageId: crypto.randomUUID(),
    userId: "user-1",
    event: "Report opened",
    context: {{ groupId: "customer-1" }},
  }}),
}});
"""
