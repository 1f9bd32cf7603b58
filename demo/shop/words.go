package shop

// Segments are the kinds of customer a user row can name. NewUser is who has bought next to nothing yet.
var Segments = [...]string{NewUser, "bargain", "family", "gourmet", "fitness", "explorer"}

// NewUser is the segment of users with few or only recent purchases.
const NewUser = "new_user"

// Categories are the shelves of the shop.
var Categories = [...]string{
	"produce", "bakery", "dairy", "meat_fish", "pantry", "frozen",
	"snacks", "sweets", "drinks", "coffee_tea", "household", "care",
}

// Tags are the labels the catalogue puts on items.
var Tags = [...]string{
	"organic", "spicy", "sweet", "vegan", "premium",
	"ready_made", "local", "light", "value_pack", "imported",
}

var seasons = [...]string{"spring", "summer", "autumn", "winter"}

type shelf struct {
	cents float64 // typical price
	units int     // most units on a line
	nouns []string
}

// shelves are parallel to Categories.
var shelves = [...]shelf{
	{180, 4, []string{"Apples", "Carrots", "Lettuce", "Tomatoes", "Pears", "Plums", "Leeks", "Mushrooms", "Squash"}},
	{320, 2, []string{"Rye Loaf", "Baguette", "Buns", "Scones", "Flatbread", "Croissants", "Seed Rolls"}},
	{290, 3, []string{"Milk", "Yoghurt", "Butter", "Cheddar", "Soft Cheese", "Cream", "Kefir"}},
	{850, 2, []string{"Chicken", "Salmon", "Mince", "Sausages", "Trout", "Ham", "Prawns"}},
	{260, 3, []string{"Pasta", "Rice", "Lentils", "Olive Oil", "Flour", "Passata", "Stock", "Honey"}},
	{480, 2, []string{"Peas", "Pizza", "Berries", "Dumplings", "Fish Pie", "Chips"}},
	{310, 3, []string{"Crisps", "Almonds", "Crackers", "Popcorn", "Trail Mix", "Pretzels"}},
	{350, 3, []string{"Chocolate", "Biscuits", "Toffee", "Ice Cream", "Jam Tarts", "Marzipan"}},
	{240, 6, []string{"Lemonade", "Sparkling Water", "Orange Juice", "Cider", "Tonic", "Ginger Beer"}},
	{620, 2, []string{"Espresso Beans", "Filter Coffee", "Green Tea", "Black Tea", "Cocoa", "Herbal Tea"}},
	{540, 2, []string{"Washing Powder", "Dish Soap", "Kitchen Roll", "Candles", "Bin Bags", "Sponges"}},
	{590, 2, []string{"Shampoo", "Toothpaste", "Soap", "Sun Cream", "Hand Balm", "Razors"}},
}

var adjectives = [...]string{
	"Smoked", "Classic", "Golden", "Wild", "Little", "Rustic", "Fresh", "Old Mill", "Hearty", "Silver",
	"Harbour", "Meadow", "Northern", "Sunny", "Plain", "Double", "Crisp", "Village", "Royal", "Quiet",
}

var makers = [...]string{
	"Alder & Finch", "Brightwater", "Copperfield", "Dunmore", "Eastgate", "Fernley", "Greystone", "Hollin",
	"Ivyhouse", "Juniper Row", "Kestrel", "Larkhill", "Marram", "Nettleton", "Oakenshaw", "Pellam",
}
