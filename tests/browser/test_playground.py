"""What a visitor does on the page at ``/``, on the services as they ship."""

from urllib.parse import urlencode

import pytest
from playwright.async_api import FilePayload, Locator, Page, expect

from tests.support.stack import Stack

READY_MS, ANSWER_MS = 30_000, 60_000
HOSTILE_NAME = "<img src=x onerror=alert(1)>.txt"


@pytest.fixture
async def visitor(page: Page, stack: Stack) -> Page:
    """Open the link that ``make run`` prints, in a conversation of one's own."""
    credentials = urlencode({"app": stack.app_id, "agent": stack.agent_id, "key": stack.api_key})
    await page.goto(f"{stack.base_url}/#{credentials}")
    await expect(page.get_by_role("status").filter(has_text="Connected to")).to_be_visible()
    async with page.expect_response(lambda answer: answer.url.endswith("/conversations") and answer.status == 201):
        await page.get_by_role("button", name="New", exact=True).click()
    await expect(page.get_by_text("None yet.")).to_be_visible()
    return page


async def attach(page: Page, name: str, content: bytes, media_type: str = "text/plain") -> Locator:
    """Attach a file and give its row."""
    payload: FilePayload = {"name": name, "mimeType": media_type, "buffer": content}
    await page.get_by_label("Attach files").set_input_files([payload])
    return page.get_by_label("Attached files").get_by_role("listitem").filter(has_text=name)


async def ask(page: Page, question: str) -> Locator:
    """Send a message and give the row of its answer, once it is there."""
    await page.get_by_role("textbox", name="Message").fill(question)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Send")).to_be_enabled(timeout=ANSWER_MS)
    return page.locator(".message.assistant").last


async def test_the_key_leaves_the_address_bar_and_stays_with_the_tab(visitor: Page, stack: Stack) -> None:
    assert visitor.url == f"{stack.base_url}/"

    await visitor.reload()

    await expect(visitor.get_by_role("status").filter(has_text="Connected to")).to_be_visible()


async def test_a_file_is_attached_read_and_answered_from(visitor: Page) -> None:
    row = await attach(visitor, "prices.txt", b"The annual licence costs 950 euros.")
    await expect(row.get_by_text("ready", exact=True)).to_be_visible(timeout=READY_MS)

    answer = await ask(visitor, "How much is the annual licence?")
    await expect(answer).to_contain_text("950")
    await answer.get_by_text("What the model saw").click()
    await expect(answer.get_by_text("prices.txt:")).to_be_visible()
    chosen = visitor.get_by_label("Conversation").locator(":checked")
    await expect(chosen).to_have_text("How much is the annual licence?")

    await visitor.reload()
    await expect(visitor.locator(".message.user")).to_have_text(["YouHow much is the annual licence?"])
    await expect(visitor.locator(".message.assistant")).to_contain_text("950")


async def test_the_text_that_was_extracted_can_be_read(visitor: Page) -> None:
    row = await attach(visitor, "story.txt", b"Once upon a time.")

    await row.get_by_role("button", name="Text").click(timeout=READY_MS)

    await expect(visitor.get_by_role("dialog", name="story.txt")).to_contain_text("Once upon a time.")


async def test_an_unticked_file_is_kept_but_not_used(visitor: Page) -> None:
    row = await attach(visitor, "secret.txt", b"The password is marmalade.")
    await expect(row.get_by_text("ready", exact=True)).to_be_visible(timeout=READY_MS)

    await row.get_by_role("checkbox").uncheck()
    answer = await ask(visitor, "What is the password?")
    await expect(answer).to_be_visible()
    await expect(answer.get_by_text("What the model saw")).to_have_count(0)
    await expect(answer).not_to_contain_text("marmalade")

    await visitor.reload()
    await expect(visitor.get_by_role("checkbox", name="secret.txt")).not_to_be_checked()


async def test_a_detached_file_is_gone(visitor: Page) -> None:
    row = await attach(visitor, "old.txt", b"Out of date.")
    await row.get_by_role("button", name="Detach").click(timeout=READY_MS)
    await expect(row).to_have_count(0)

    await visitor.reload()

    await expect(visitor.get_by_text("None yet.")).to_be_visible()


async def test_a_row_links_to_its_file(visitor: Page) -> None:
    row = await attach(visitor, "mine.txt", b"All mine.")

    address = await row.get_by_role("link", name="Download").get_attribute("href", timeout=READY_MS)
    assert address is not None
    download = await visitor.context.request.get(address)

    assert await download.body() == b"All mine."
    assert "attachment" in download.headers["content-disposition"]


async def test_a_hostile_file_name_is_shown_as_text(visitor: Page) -> None:
    row = await attach(visitor, HOSTILE_NAME, b"Harmless.")

    await expect(row.get_by_text("ready", exact=True)).to_be_visible(timeout=READY_MS)
    await expect(row.get_by_text(HOSTILE_NAME)).to_be_visible()
    answer = await ask(visitor, "What does the document say?")
    await expect(answer).to_contain_text(HOSTILE_NAME)
    assert await visitor.locator("main img").count() == 0


async def test_a_file_that_is_refused_says_why(visitor: Page) -> None:
    row = await attach(visitor, "program.exe", b"MZ\x90\x00 no document", "application/octet-stream")

    await expect(row.get_by_text("error", exact=True)).to_be_visible()
    await expect(row.locator(".problem")).not_to_be_empty()
    await row.get_by_role("button", name="Dismiss").click()
    await expect(row).to_have_count(0)


async def test_reset_empties_the_conversation(visitor: Page) -> None:
    row = await attach(visitor, "gone.txt", b"Soon gone.")
    await expect(row.get_by_text("ready", exact=True)).to_be_visible(timeout=READY_MS)
    await ask(visitor, "Hello?")

    await visitor.get_by_role("button", name="Reset").click()

    await expect(visitor.locator(".message")).to_have_count(0)
    await expect(visitor.get_by_text("None yet.")).to_be_visible()


async def test_a_wrong_key_says_so(page: Page, stack: Stack) -> None:
    await page.goto(f"{stack.base_url}/#app={stack.app_id}&key=sk_wrong")

    await expect(page.get_by_role("alert")).not_to_be_empty()
    await expect(page.get_by_role("status").filter(has_text="Not connected")).to_be_visible()
