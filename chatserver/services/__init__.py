"""What the product does, one noun a file. Handlers get all of them as one record."""

from __future__ import annotations

from dataclasses import dataclass

from chatserver.clock import Clock
from chatserver.guard.addresses import Networks
from chatserver.guard.attempts import Attempts
from chatserver.guard.credentials import Passwords
from chatserver.guard.one_at_a_time import OneAtATime
from chatserver.guard.quotas import Quotas
from chatserver.guard.rates import RateLimits
from chatserver.guard.server_secret import ServerSecret
from chatserver.model import PRESETS, Bell, Message
from chatserver.polls.hub import Hub
from chatserver.polls.inbox_reads import InboxReads
from chatserver.ports import Bus, CheckedCalls, Stores, TaskClaims, TokenHost
from chatserver.sending.facts import Facts
from chatserver.sending.fanout import FanOut
from chatserver.sending.feed import Feed
from chatserver.sending.writer import Writer
from chatserver.services.accounts import Accounts
from chatserver.services.asked_sends import AskedSends
from chatserver.services.audit import Audit
from chatserver.services.beginnings import Beginnings
from chatserver.services.bells import Bells
from chatserver.services.bodies import Bodies
from chatserver.services.changes import Changes
from chatserver.services.contacts import Contacts
from chatserver.services.conversation_ids import ConversationIds
from chatserver.services.conversation_list import ConversationList
from chatserver.services.conversation_views import ConversationViews
from chatserver.services.conversations import Conversations
from chatserver.services.drafts import Drafts
from chatserver.services.endpoint_urls import EndpointUrls
from chatserver.services.entries import Entries
from chatserver.services.erasing import Erasing
from chatserver.services.events import Events
from chatserver.services.exports import Exports
from chatserver.services.groups import Groups
from chatserver.services.hooks import Hooks
from chatserver.services.host import Host
from chatserver.services.host_conversations import HostConversations
from chatserver.services.host_events import HostEvents
from chatserver.services.host_messages import HostMessages
from chatserver.services.host_users import HostUsers
from chatserver.services.imports import Imports
from chatserver.services.invites import Invites
from chatserver.services.jobs import Jobs, Work
from chatserver.services.kept_places import KeptPlaces
from chatserver.services.keys import Keys
from chatserver.services.links import Links
from chatserver.services.member_views import MemberViews
from chatserver.services.memberships import Memberships
from chatserver.services.message_list import MessageList
from chatserver.services.messages import Messages
from chatserver.services.missed_messages import MissedMessages
from chatserver.services.notifications import Notifications
from chatserver.services.own_data import OwnData
from chatserver.services.own_devices import OwnDevices
from chatserver.services.own_settings import OwnSettings
from chatserver.services.pictures import Pictures
from chatserver.services.presence import Presence
from chatserver.services.pulls import Pulls
from chatserver.services.receipts import Receipts
from chatserver.services.requests import JoinRequests
from chatserver.services.retention_rules import RetentionRules
from chatserver.services.search import Search
from chatserver.services.seen_by import SeenBy
from chatserver.services.sessions import Sessions
from chatserver.services.sign_in_keys import SignInKeys
from chatserver.services.system_messages import SystemMessages
from chatserver.services.tickets import Tickets
from chatserver.services.typing import Typing
from chatserver.services.unused_guests import UnusedGuests
from chatserver.services.visitors import Visitors
from chatserver.services.vouchers import Vouchers
from chatserver.services.wake_ups import WakeUps
from chatserver.services.webhooks import Webhooks
from chatserver.services.wipes import Wipes
from chatserver.settings import Settings


@dataclass(frozen=True)
class Services:
    accounts: Accounts
    sessions: Sessions
    tickets: Tickets
    host: Host
    host_users: HostUsers
    host_conversations: HostConversations
    host_messages: HostMessages
    audit: Audit
    keys: Keys
    contacts: Contacts
    conversations: Conversations
    conversation_views: ConversationViews
    conversation_list: ConversationList
    member_views: MemberViews
    groups: Groups
    pictures: Pictures
    memberships: Memberships
    invites: Invites
    requests: JoinRequests
    messages: Messages
    message_list: MessageList
    changes: Changes
    search: Search
    own_data: OwnData
    unused_guests: UnusedGuests
    own_devices: OwnDevices
    own_settings: OwnSettings
    drafts: Drafts
    receipts: Receipts
    seen_by: SeenBy
    typing: Typing
    presence: Presence
    notifications: Notifications
    events: Events
    bells: Bells
    bodies: Bodies
    wake_ups: WakeUps
    writer: Writer
    kept_places: KeptPlaces
    quotas: Quotas
    large_answers: OneAtATime
    webhooks: Webhooks
    pulls: Pulls
    hooks: Hooks
    host_events: HostEvents
    jobs: Jobs
    imports: Imports
    exports: Exports
    erasing: Erasing
    retention_rules: RetentionRules

    @property
    def works(self) -> dict[str, Work]:
        """Each kind of job, and who does it."""
        return {"import": self.imports, "export": self.exports, "erase": self.erasing}

    async def close(self) -> None:
        """Finish what was taken: every send, then the marks that are only gathered so far."""
        self.typing.close()
        await self.writer.close()
        await self.wake_ups.close()
        await self.receipts.close()
        await self.seen_by.close()
        await self.memberships.close()
        await self.conversations.close()
        await self.bodies.close()
        await self.accounts.close()
        await self.kept_places.close()
        await self.sessions.close()
        await self.tickets.close()
        await self.keys.close()


def build_services(
    settings: Settings,
    node: str,
    stores: Stores,
    bus: Bus,
    hub: Hub,
    fanout: FanOut,
    feed: Feed,
    claims: TaskClaims,
    secret: ServerSecret | None,
    way_out: CheckedCalls,
    inbox_reads: InboxReads,
    passwords: Passwords,
    attempts: Attempts,
    limits: RateLimits,
    links: Links,
    token_host: TokenHost | None,
    signing: SignInKeys,
    clock: Clock,
) -> Services:
    accounts = Accounts(
        stores.users, stores.inboxes, stores.marks, feed, passwords, attempts, clock, settings.who_registers
    )
    visitors = Visitors(stores, accounts, attempts, clock)
    tickets = Tickets(stores.tickets, clock, settings.ticket_secs)
    sessions = Sessions(
        stores.users,
        stores.sessions,
        stores.inboxes,
        stores.marks,
        accounts,
        tickets,
        Vouchers(signing, token_host, clock),
        visitors,
        limits,
        hub,
        feed,
        bus,
        clock,
        settings.person_sessions,
    )
    quotas = Quotas(stores.quotas, stores.attempts, settings, clock)
    urls = EndpointUrls(way_out, clock)
    hooks = Hooks(stores, way_out, secret, urls, bus, clock)
    feed.listen(hooks.wake)
    contacts = Contacts(stores, accounts, settings.directory, settings.contact)
    conversation_ids = ConversationIds(stores.marks, clock)
    beginnings = Beginnings(stores, accounts, contacts, hooks, quotas, conversation_ids, clock)
    conversations = Conversations(stores, accounts, contacts, beginnings, clock)
    own_devices = OwnDevices(stores, bus, clock)
    seen_by = SeenBy(stores, conversations, bus, clock)
    receipts = Receipts(stores, conversations, own_devices, seen_by, feed, bus, clock)
    typing = Typing(conversations, accounts, hub, bus, clock, settings.typing_secs)
    presence = Presence(node, conversations, hub, bus, clock)
    bodies = Bodies(stores.messages, accounts, conversations, clock)
    facts = Facts(stores, feed, bus, clock)

    def ring(message: Message, member_ids: tuple[int, ...]) -> None:
        bus.publish(Bell("message", member_ids, message=message))
        feed.sent(message)

    host_events = HostEvents(stores, accounts, links, settings.public_url)
    webhooks = Webhooks(stores, feed, secret, urls, bus, clock)
    pulls = Pulls(stores, feed, webhooks, host_events, claims, clock)
    feed.listen(lambda others: pulls.wake())
    writer = Writer(stores.messages, stores.flushes, fanout, clock, ring)
    messages = Messages(
        stores,
        writer,
        AskedSends(writer, hooks, stores, clock, settings.message_chars),
        accounts,
        conversations,
        receipts,
        links,
        clock,
        settings.message_chars,
        settings.send_deadline_secs,
    )
    conversation_views = ConversationViews(stores, accounts, conversations, messages, presence, clock)
    member_views = MemberViews(stores, accounts, conversations, presence, clock)
    entries = Entries(
        stores.facts,
        stores.notifications,
        accounts,
        conversations,
        bodies,
        receipts,
        conversation_views,
        member_views,
        links,
        clock,
    )
    system_messages = SystemMessages(writer, accounts, clock, settings.send_deadline_secs)
    groups = Groups(
        stores,
        accounts,
        conversations,
        facts,
        system_messages,
        quotas,
        conversation_ids,
        bus,
        clock,
        settings.person_conversations,
    )
    changes = Changes(stores, messages, conversations, facts, clock)
    places = dict.fromkeys(PRESETS, settings.group_members)
    places["announcement"] = settings.announcement_members
    memberships = Memberships(
        stores,
        accounts,
        conversations,
        groups,
        system_messages,
        fanout,
        facts,
        Wipes(stores, changes, clock),
        bus,
        clock,
        places,
        settings.person_conversations,
    )
    invites = Invites(
        stores, accounts, conversations, conversation_views, memberships, attempts, quotas, clock
    )
    requests = JoinRequests(stores, accounts, conversations, conversation_views, memberships, quotas, clock)
    wake_ups = WakeUps(hub, inbox_reads, bodies, clock)
    notifications = Notifications(stores, hub, bus, clock)
    missed = MissedMessages(stores, conversations, bodies)
    kept_places = KeptPlaces(stores.sessions, inbox_reads, entries, missed, notifications, node, clock)
    keys = Keys(stores, attempts, clock)
    host = Host(
        accounts,
        visitors,
        sessions,
        notifications,
        keys,
        limits,
        Networks(settings.rate_exempt),
        signing,
        settings.guests,
    )
    host_conversations = HostConversations(stores, groups, memberships)
    host_users = HostUsers(stores, accounts, visitors, sessions, clock)
    jobs = Jobs(stores, bus, clock)
    return Services(
        accounts=accounts,
        sessions=sessions,
        tickets=tickets,
        host=host,
        host_conversations=host_conversations,
        host_messages=HostMessages(
            stores,
            writer,
            accounts,
            visitors,
            conversations,
            host_conversations,
            messages,
            clock,
            settings.send_deadline_secs,
        ),
        audit=Audit(stores, clock),
        host_users=host_users,
        keys=keys,
        contacts=contacts,
        conversations=conversations,
        conversation_views=conversation_views,
        conversation_list=ConversationList(stores, conversations, conversation_views, clock),
        member_views=member_views,
        groups=groups,
        pictures=Pictures(stores, conversations, groups, clock),
        memberships=memberships,
        invites=invites,
        requests=requests,
        messages=messages,
        message_list=MessageList(stores, messages, conversations, clock),
        own_data=OwnData(
            stores,
            accounts,
            sessions,
            conversations,
            messages,
            conversation_views,
            memberships,
            quotas,
            clock,
        ),
        unused_guests=UnusedGuests(stores, accounts, sessions, memberships, clock, settings.guest_days),
        search=Search(stores, messages, conversations, clock),
        changes=changes,
        own_devices=own_devices,
        drafts=Drafts(stores, conversations, bus, clock, settings.message_chars),
        own_settings=OwnSettings(stores, conversations, receipts, own_devices, clock),
        receipts=receipts,
        seen_by=seen_by,
        typing=typing,
        presence=presence,
        notifications=notifications,
        events=Events(hub, inbox_reads, entries, kept_places, notifications, bus, clock),
        bells=Bells(hub, wake_ups, bodies, sessions, typing, presence, feed, hooks, writer.overtaken),
        bodies=bodies,
        wake_ups=wake_ups,
        writer=writer,
        kept_places=kept_places,
        quotas=quotas,
        large_answers=OneAtATime(),
        webhooks=webhooks,
        pulls=pulls,
        hooks=hooks,
        host_events=host_events,
        jobs=jobs,
        imports=Imports(stores, bus, clock, settings.message_chars, lambda: writer.stored),
        exports=Exports(stores, clock),
        erasing=Erasing(
            stores, jobs, host_users, accounts, sessions, memberships, changes, system_messages, clock
        ),
        retention_rules=RetentionRules(stores),
    )
