"""What the product does, one noun a file. Handlers get all of them as one record."""

from __future__ import annotations

from dataclasses import dataclass

from chatserver.clock import Clock
from chatserver.guard.addresses import Networks
from chatserver.guard.attempts import Attempts
from chatserver.guard.credentials import Passwords
from chatserver.guard.quotas import Quotas
from chatserver.guard.rates import RateLimits
from chatserver.model import PRESETS, Bell, Message
from chatserver.polls.hub import Hub
from chatserver.polls.inbox_reads import InboxReads
from chatserver.ports import Bus, Stores, TokenHost
from chatserver.sending.facts import Facts
from chatserver.sending.fanout import FanOut
from chatserver.sending.writer import Writer
from chatserver.services.accounts import Accounts
from chatserver.services.bells import Bells
from chatserver.services.bodies import Bodies
from chatserver.services.changes import Changes
from chatserver.services.conversation_views import ConversationViews
from chatserver.services.conversations import Conversations
from chatserver.services.entries import Entries
from chatserver.services.events import Events
from chatserver.services.groups import Groups
from chatserver.services.host import Host
from chatserver.services.invites import Invites
from chatserver.services.kept_places import KeptPlaces
from chatserver.services.links import Links
from chatserver.services.member_views import MemberViews
from chatserver.services.memberships import Memberships
from chatserver.services.message_list import MessageList
from chatserver.services.messages import Messages
from chatserver.services.notifications import Notifications
from chatserver.services.own_data import OwnData
from chatserver.services.presence import Presence
from chatserver.services.receipts import Receipts
from chatserver.services.requests import JoinRequests
from chatserver.services.search import Search
from chatserver.services.sessions import Sessions
from chatserver.services.system_messages import SystemMessages
from chatserver.services.tickets import Tickets
from chatserver.services.typing import Typing
from chatserver.services.unused_guests import UnusedGuests
from chatserver.services.visitors import Visitors
from chatserver.services.vouchers import Vouchers
from chatserver.services.wake_ups import WakeUps
from chatserver.settings import Settings


@dataclass(frozen=True)
class Services:
    accounts: Accounts
    sessions: Sessions
    tickets: Tickets
    host: Host
    conversations: Conversations
    conversation_views: ConversationViews
    member_views: MemberViews
    groups: Groups
    memberships: Memberships
    invites: Invites
    requests: JoinRequests
    messages: Messages
    message_list: MessageList
    changes: Changes
    search: Search
    own_data: OwnData
    unused_guests: UnusedGuests
    receipts: Receipts
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

    async def close(self) -> None:
        """Finish what was taken: every send, then the marks that are only gathered so far."""
        self.typing.close()
        await self.writer.close()
        await self.wake_ups.close()
        await self.receipts.close()
        await self.conversations.close()
        await self.bodies.close()
        await self.accounts.close()
        await self.kept_places.close()
        await self.sessions.close()
        await self.tickets.close()


def build_services(
    settings: Settings,
    node: str,
    stores: Stores,
    bus: Bus,
    hub: Hub,
    fanout: FanOut,
    inbox_reads: InboxReads,
    passwords: Passwords,
    attempts: Attempts,
    limits: RateLimits,
    links: Links,
    token_host: TokenHost | None,
    clock: Clock,
) -> Services:
    accounts = Accounts(
        stores.users, stores.inboxes, stores.marks, passwords, attempts, clock, settings.who_registers
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
        Vouchers(settings.host_secret, token_host, clock),
        visitors,
        limits,
        hub,
        bus,
        clock,
        settings.person_sessions,
    )
    quotas = Quotas(stores.quotas, stores.attempts, settings, clock)
    conversations = Conversations(stores, accounts, quotas, clock)
    receipts = Receipts(stores, conversations, bus, clock)
    typing = Typing(conversations, accounts, hub, bus, clock, settings.typing_secs)
    presence = Presence(node, conversations, hub, bus, clock)
    bodies = Bodies(stores.messages, accounts, conversations, clock)
    facts = Facts(stores, bus, clock)

    def ring(message: Message, member_ids: tuple[int, ...]) -> None:
        bus.publish(Bell("message", member_ids, message=message))

    writer = Writer(stores.messages, stores.flushes, fanout, clock, ring)
    messages = Messages(
        stores,
        writer,
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
        bus,
        clock,
        settings.person_conversations,
    )
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
    notifications = Notifications(stores, bus, clock)
    kept_places = KeptPlaces(stores.sessions, inbox_reads, entries, notifications, node, clock)
    host = Host(
        accounts,
        visitors,
        sessions,
        notifications,
        limits,
        Networks(settings.rate_exempt),
        clock,
        settings.host_secret,
        settings.guests,
    )
    return Services(
        accounts=accounts,
        sessions=sessions,
        tickets=tickets,
        host=host,
        conversations=conversations,
        conversation_views=conversation_views,
        member_views=member_views,
        groups=groups,
        memberships=memberships,
        invites=invites,
        requests=requests,
        messages=messages,
        message_list=MessageList(stores, messages, conversations, clock),
        own_data=OwnData(stores, accounts, sessions, conversations, messages, memberships, quotas, clock),
        unused_guests=UnusedGuests(stores, accounts, sessions, memberships, clock, settings.guest_days),
        search=Search(stores, messages, conversations, clock),
        changes=Changes(stores, messages, conversations, facts, clock),
        receipts=receipts,
        typing=typing,
        presence=presence,
        notifications=notifications,
        events=Events(hub, inbox_reads, entries, kept_places, notifications, bus, clock),
        bells=Bells(hub, wake_ups, bodies, sessions, typing, presence, writer.overtaken),
        bodies=bodies,
        wake_ups=wake_ups,
        writer=writer,
        kept_places=kept_places,
        quotas=quotas,
    )
