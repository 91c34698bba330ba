"""Links of a page to others of this repository: the file must be there, and the heading."""
import os
import re


def without_code(text):
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`]*`|^    .*$", "", text, flags=re.MULTILINE)


def anchors(text):
    """As GitHub makes them of headings."""
    found = set()
    for heading in re.findall(r"^#+ +(.*)$", text, re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(slug)
    return found


def broken_links(root, page, text):
    """What is wrong; a list of texts."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
        if re.match(r"[a-z]+:", target):
            continue  # elsewhere: no test asks the network
        file, _, anchor = target.partition("#")
        path = os.path.normpath(os.path.join(root, os.path.dirname(page), file)) if file \
            else os.path.join(root, page)
        if not os.path.exists(path):
            found.append(f"{page}: the link {target} leads nowhere")
        elif anchor and path.endswith(".md"):
            with open(path, encoding="utf-8") as other:
                if anchor not in anchors(other.read()):
                    found.append(f"{page}: {file or 'the page'} has no heading for #{anchor}")
    return found
