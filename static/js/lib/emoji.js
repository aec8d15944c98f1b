/** A small, hand-picked set: group → lines of "emoji name other_name". Native emoji keyboards give the rest. */

const GROUPS = {
  faces:
    '😀 grinning,😃 smiley,😄 smile,😁 grin,😅 sweat_smile,😂 joy,🤣 rofl,🙂 slightly_smiling,🙃 upside_down,😉 wink,😊 blush smiling_eyes,😇 innocent,🥰 in_love,😍 heart_eyes,🤩 star_struck,😘 kiss,😋 yum,😜 tongue_wink,🤪 zany,🤗 hug,🤭 oops,🤫 shush quiet,🤔 thinking,😐 neutral,😶 speechless,😏 smirk,😒 unamused,🙄 eye_roll,😬 grimace,😌 relieved,😔 pensive,😴 sleeping,🤒 ill,🤕 hurt,🤯 mind_blown,🥳 party_face,😎 cool sunglasses,🤓 nerd,🧐 monocle,😕 confused,🙁 frown,😮 surprised open_mouth,😲 astonished,🥺 pleading,😢 cry,😭 sob,😱 scream,😳 flushed,😩 weary,😤 huff,😡 angry,🤬 cursing,👻 ghost,🤖 robot,💩 poop,🤡 clown',
  hands:
    '👍 thumbs_up yes,👎 thumbs_down no,👌 ok_hand,✌️ victory,🤞 fingers_crossed,🤟 love_you_sign,🤘 rock,👋 wave hello,👏 clap,🙌 raised_hands,🙏 thanks please pray,🤝 handshake,💪 strong muscle,👀 eyes look,👉 point_right,👈 point_left,👆 point_up,👇 point_down,✍️ writing,🤷 shrug,🤦 facepalm,🙋 raise_hand,🙆 ok_person,🧑‍💻 technologist coder,🧑‍🎨 artist,🧑‍🚀 astronaut,💃 dance,🏃 running,👨‍👩‍👧 family',
  hearts:
    '❤️ heart love,🧡 orange_heart,💛 yellow_heart,💚 green_heart,💙 blue_heart,💜 purple_heart,🖤 black_heart,💔 broken_heart,💯 hundred,✅ check done,❌ cross,❗ exclamation,❓ question,⚠️ warning,💡 idea bulb,🔥 fire,✨ sparkles,⭐ star,🎉 tada party,🎊 confetti,💬 speech,💤 zzz,♻️ recycle,🔔 bell',
  nature:
    '🐶 dog,🐱 cat,🐭 mouse,🐰 rabbit,🦊 fox,🐻 bear,🐼 panda,🐸 frog,🐵 monkey,🐔 chicken,🐧 penguin,🦉 owl,🐝 bee,🦋 butterfly,🐢 turtle,🐙 octopus,🐬 dolphin,🐳 whale,🌷 tulip,🌹 rose,🌻 sunflower,🌱 seedling,🌳 tree,🍀 clover luck,🌍 earth,🌙 moon,☀️ sun,⛅ cloud,🌧️ rain,⛈️ storm,❄️ snow,🌈 rainbow,🌊 wave_water',
  food: '☕ coffee,🍵 tea,🍺 beer,🍷 wine,🥂 cheers,🍎 apple,🍌 banana,🍓 strawberry,🍋 lemon,🥑 avocado,🍅 tomato,🥕 carrot,🌶️ chili,🍞 bread,🥐 croissant,🧀 cheese,🍕 pizza,🍔 burger,🍟 fries,🌮 taco,🍜 noodles,🍣 sushi,🥗 salad,🍪 cookie,🍰 cake,🎂 birthday,🍫 chocolate,🍦 ice_cream',
  things:
    '🎁 gift,🎈 balloon,🏆 trophy,⚽ football,🏀 basketball,🎾 tennis,🚴 cycling,🎮 game,🎲 dice,🎵 music note,🎸 guitar,🎬 movie,📷 camera,💻 laptop,📱 phone,⌚ watch,🔋 battery,🔑 key,🔒 lock,🔧 wrench,🐛 bug,🚀 rocket ship_it,✈️ plane,🚆 train,🚗 car,🚲 bicycle,🏠 house home,🏢 office,🏖️ beach,⛰️ mountain,📅 calendar date,⏰ alarm,⏳ hourglass wait,📌 pin,📎 paperclip,✏️ pencil,📚 books,📦 package,📈 chart_up,📉 chart_down,💰 money,🗑️ trash,🛒 cart',
};

/** @typedef {{emoji: string, names: string[], group: string}} Emoji */

/** @type {Emoji[]} */
export const EMOJI = Object.entries(GROUPS).flatMap(([group, line]) =>
  line.split(',').map((item) => {
    const [emoji, ...names] = item.split(' ');
    return { emoji, names, group };
  }),
);

export const EMOJI_GROUPS = Object.keys(GROUPS);

/** The exact name comes first, then names that begin so. @param {string} text */
export function findEmoji(text) {
  const wanted = text.toLowerCase().replaceAll(' ', '_');
  /** @param {Emoji} item */
  const rank = ({ names }) =>
    names.includes(wanted)
      ? 0
      : names.some((name) => name.startsWith(wanted))
        ? 1
        : names.some((name) => name.includes(wanted))
          ? 2
          : 3;
  return EMOJI.map((item) => ({ item, at: rank(item) }))
    .filter(({ at }) => at < 3)
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
